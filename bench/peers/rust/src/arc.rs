use crate::{black_box, give, see, take, Alone};
use std::sync::Arc;

type Shared = Alone<Arc<u64>>;

#[no_mangle]
pub extern "C" fn peer_rust_arc_start() -> *mut Shared {
    give(Arc::new(7))
}

#[no_mangle]
pub unsafe extern "C" fn peer_rust_arc_run(state: *mut Shared, n: u64) {
    let shared = see(state);
    for _ in 0..n {
        drop(black_box(Arc::clone(shared)));
    }
}

/// The count of owners that are left: one.
#[no_mangle]
pub unsafe extern "C" fn peer_rust_arc_finish(state: *mut Shared) -> u64 {
    Arc::strong_count(&take(state)) as u64
}
