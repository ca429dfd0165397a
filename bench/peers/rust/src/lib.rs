//! The peers written in Rust. Each bench loop lies entirely on this side of the
//! border, so that everything that Rust would inline is inlined. The states
//! are handed to C as opaque boxes: `_start` makes one, `_finish` checks and
//! frees it.

mod arc;
mod chan;
mod mutex;
mod par;
mod thread;

/// Hides a value from the optimiser (`std::hint::black_box` is younger than the
/// oldest compiler that must do).
pub(crate) fn black_box<T>(value: T) -> T {
    // SAFETY: no instruction; it only claims to have read the value.
    unsafe { std::arch::asm!("/* {0} */", in(reg) &value, options(nostack)) };
    value
}

/// A value on a cache line pair of its own.
#[repr(align(128))]
pub struct Alone<T>(pub T);

pub(crate) fn give<T>(value: T) -> *mut Alone<T> {
    Box::into_raw(Box::new(Alone(value)))
}

/// # Safety
/// `state` came from `give` and is still alive.
pub(crate) unsafe fn see<'a, T>(state: *const Alone<T>) -> &'a T {
    &(*state).0
}

/// # Safety
/// `state` came from `give`, and nobody uses it any more.
pub(crate) unsafe fn take<T>(state: *mut Alone<T>) -> T {
    Box::from_raw(state).0
}
