use crate::black_box;

#[no_mangle]
pub extern "C" fn peer_rust_spawn_run(n: u64) -> u64 {
    (0..n)
        .map(|i| std::thread::spawn(move || black_box(i)).join().unwrap() & 1)
        .sum()
}

/// Two threads a scope, as a scope of one would be a spawn.
#[no_mangle]
pub extern "C" fn peer_rust_scope_run(n: u64) -> u64 {
    let mut total = 0;
    for i in 0..n {
        let (mut a, mut b) = (0, 0);
        std::thread::scope(|s| {
            s.spawn(|| a = black_box(i) & 1);
            s.spawn(|| b = black_box(i) & 1);
        });
        total += a + b;
    }
    total
}
