use rayon::prelude::*;

/// The square of a value, as the C side computes it.
fn square(value: &i32) -> i64 {
    i64::from(*value) * i64::from(*value)
}

#[no_mangle]
pub unsafe extern "C" fn peer_rayon_sum_of(values: *const i32, n: usize) -> i64 {
    std::slice::from_raw_parts(values, n)
        .par_iter()
        .map(square)
        .sum()
}

/// The same `rounds` times, called from inside the pool, where rayon is at its
/// best. Returns the last sum.
#[no_mangle]
pub unsafe extern "C" fn peer_rayon_sum_of_inside(
    values: *const i32,
    n: usize,
    rounds: u64,
) -> i64 {
    let values = std::slice::from_raw_parts(values, n);
    let mut sum = 0;
    rayon::scope(|_| {
        for _ in 0..rounds {
            sum = crate::black_box(values).par_iter().map(square).sum();
        }
    });
    sum
}

fn fib(n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let (a, b) = rayon::join(|| fib(n - 1), || fib(n - 2));
    a + b
}

#[no_mangle]
pub extern "C" fn peer_rayon_fib_of(n: u32) -> u64 {
    let mut result = 0;
    rayon::scope(|_| result = fib(n));
    result
}
