use crate::{give, see, take, Alone};

type Std = Alone<std::sync::Mutex<u64>>;
type ParkingLot = Alone<parking_lot::Mutex<u64>>;

#[no_mangle]
pub extern "C" fn peer_rust_std_mutex_start() -> *mut Std {
    give(std::sync::Mutex::new(0))
}

#[no_mangle]
pub unsafe extern "C" fn peer_rust_std_mutex_run(state: *mut Std, n: u64) {
    let m = see(state);
    for _ in 0..n {
        *m.lock().unwrap() += 1;
    }
}

#[no_mangle]
pub unsafe extern "C" fn peer_rust_std_mutex_finish(state: *mut Std) -> u64 {
    take(state).into_inner().unwrap()
}

#[no_mangle]
pub extern "C" fn peer_parking_lot_mutex_start() -> *mut ParkingLot {
    give(parking_lot::Mutex::new(0))
}

#[no_mangle]
pub unsafe extern "C" fn peer_parking_lot_mutex_run(s: *mut ParkingLot, n: u64) {
    let m = see(s);
    for _ in 0..n {
        *m.lock() += 1;
    }
}

#[no_mangle]
pub unsafe extern "C" fn peer_parking_lot_mutex_finish(s: *mut ParkingLot) -> u64 {
    take(s).into_inner()
}
