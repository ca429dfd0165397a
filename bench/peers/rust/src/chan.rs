use crate::{give, see, take, Alone};
use std::sync::{mpsc, Mutex};

/// One end for each thread to come and take: the receiver is thread 0's. The
/// sum of what was received is left for the check.
pub struct Ends<S, R> {
    senders: Mutex<Vec<S>>,
    receiver: Mutex<Option<R>>,
    sum: Mutex<u64>,
}

impl<S: Clone, R> Ends<S, R> {
    fn new(senders: usize, (tx, rx): (S, R)) -> Self {
        Ends {
            senders: Mutex::new(vec![tx; senders]),
            receiver: Mutex::new(Some(rx)),
            sum: Mutex::new(0),
        }
    }

    fn receive(&self, all: impl Fn(R) -> u64) {
        let rx = self.receiver.lock().unwrap().take().unwrap();
        *self.sum.lock().unwrap() = all(rx);
    }

    fn send(&self, n: u64, one: impl Fn(&S, u64)) {
        let tx = self.senders.lock().unwrap().pop().unwrap();
        for i in 1..=n {
            one(&tx, i);
        }
    }
}

/// Capacities cross the border as an integer; this one is none.
const UNBOUNDED: u64 = u64::MAX;

#[derive(Clone)]
pub enum StdSender {
    Unbounded(mpsc::Sender<u64>),
    Bounded(mpsc::SyncSender<u64>),
}

type Std = Alone<Ends<StdSender, mpsc::Receiver<u64>>>;
type Crossbeam = Alone<Ends<crossbeam_channel::Sender<u64>, crossbeam_channel::Receiver<u64>>>;

#[no_mangle]
pub extern "C" fn peer_rust_mpsc_start(capacity: u64, senders: u64) -> *mut Std {
    let ends = if capacity == UNBOUNDED {
        let (tx, rx) = mpsc::channel();
        (StdSender::Unbounded(tx), rx)
    } else {
        let (tx, rx) = mpsc::sync_channel(capacity as usize);
        (StdSender::Bounded(tx), rx)
    };
    give(Ends::new(senders as usize, ends))
}

#[no_mangle]
pub unsafe extern "C" fn peer_rust_mpsc_receive(state: *mut Std) {
    see(state).receive(|rx| rx.iter().sum());
}

/// The kind of sender is looked at once, not for each message.
#[no_mangle]
pub unsafe extern "C" fn peer_rust_mpsc_send(state: *mut Std, n: u64) {
    let tx = see(state).senders.lock().unwrap().pop().unwrap();
    match tx {
        StdSender::Unbounded(tx) => (1..=n).for_each(|i| tx.send(i).unwrap()),
        StdSender::Bounded(tx) => (1..=n).for_each(|i| tx.send(i).unwrap()),
    }
}

#[no_mangle]
pub unsafe extern "C" fn peer_rust_mpsc_finish(state: *mut Std) -> u64 {
    take(state).sum.into_inner().unwrap()
}

#[no_mangle]
pub extern "C" fn peer_crossbeam_start(capacity: u64, senders: u64) -> *mut Crossbeam {
    let ends = if capacity == UNBOUNDED {
        crossbeam_channel::unbounded()
    } else {
        crossbeam_channel::bounded(capacity as usize)
    };
    give(Ends::new(senders as usize, ends))
}

#[no_mangle]
pub unsafe extern "C" fn peer_crossbeam_receive(state: *mut Crossbeam) {
    see(state).receive(|rx| rx.iter().sum());
}

#[no_mangle]
pub unsafe extern "C" fn peer_crossbeam_send(state: *mut Crossbeam, n: u64) {
    see(state).send(n, |tx, i| tx.send(i).unwrap());
}

#[no_mangle]
pub unsafe extern "C" fn peer_crossbeam_finish(state: *mut Crossbeam) -> u64 {
    take(state).sum.into_inner().unwrap()
}
