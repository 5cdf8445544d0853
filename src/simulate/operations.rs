//! What clients may ask for, where a scenario's storm lets each run draw it: operations by name,
//! and keys.

use rand::rand_core::Rng;

use super::storm::Storm;
use super::strategy::pick;
use super::workload::{Arrivals, Keys, Retries, Spacing, Workload};
use crate::protocol::{ClientId, Protocol};
use crate::random::{below, between};
use crate::scenario::To;
use crate::time::Units;

/// A request that is drawn, before the model says what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Who asks. Each request that is without an answer has a client of its own.
    pub client: ClientId,
    /// The number of the request at that client, from 0. One that is asked again has its own again,
    /// unless it is asked as a new one.
    pub number: u32,
    /// Which of the storm's operations it is.
    pub operation: &'static str,
    /// For which key, from 0.
    pub key: u32,
}

/// What a request is, and where it goes; nothing, if the client has no more.
pub type Request<P> = fn(&P, &Asked) -> Option<(To, <P as Protocol>::Input)>;

/// What the clients of a storm may ask for.
#[derive(Clone, Debug)]
pub struct Operations<P: Protocol> {
    /// The operations, by name.
    pub names: &'static [&'static str],
    /// How many keys there are.
    pub keys: u32,
    /// What a request is.
    pub request: Request<P>,
}

impl<P: Protocol> Storm<P> {
    /// Sets the workload: up to that many clients, which ask for these operations on that many
    /// keys. Each run draws how often it asks which and when, what its clients do without an answer,
    /// and whether they wait for one before they ask for more.
    pub fn operations(
        mut self,
        clients: u8,
        names: &'static [&'static str],
        keys: u32,
        request: Request<P>,
    ) -> Self {
        self.clients = clients;
        self.operations = Some(Operations { names, keys: keys.max(1), request });
        self
    }

    /// Whether its clients ask what it says, and not what the scenario's lanes say.
    pub(crate) fn says_requests(&self) -> bool {
        self.request.is_some() || self.operations.is_some()
    }

    /// What is drawn of its workload beside how many ask how often.
    pub(super) fn demand(&self) -> Option<Demand> {
        self.operations.as_ref().map(|operations| Demand {
            names: operations.names,
            keys: operations.keys,
            sessions: self.clients,
            answers: self.answered.is_some(),
        })
    }
}

impl Workload {
    /// What makes no sense in a scenario with that storm.
    pub(super) fn misfit<P: Protocol>(&self, storm: &Storm<P>) -> Option<String> {
        let (open, again) = (self.arrivals.is_some(), self.retries.is_some());
        if !storm.says_requests() && !self.is_plain() {
            let why = "the scenario's clients ask what its lanes say, one after another; leave out \
                       all but clients, think and gives_up";
            return Some(why.to_string());
        }
        if storm.answered.is_none() && (again || self.waits.is_some()) {
            let why = "the scenario's clients wait for no answer, so that nothing is asked again; \
                       leave out waits and retries";
            return Some(why.to_string());
        }
        let Some(Operations { names, keys, .. }) = &storm.operations else {
            let chooses = self.keys.is_some() || !self.mix.is_empty();
            return chooses
                .then_some("the scenario has neither keys nor operations; leave out keys and mix")
                .map(str::to_string)
                .or_else(|| self.crowd(storm.clients, open));
        };
        if let Some(name) = self.mix.keys().find(|name| !names.contains(&name.as_str())) {
            let names = names.join(", ");
            return Some(format!("there is no operation `{name}`; choose from: {names}"));
        }
        if let Some(of) = self.keys.map(Keys::of).filter(|of| of > keys) {
            return Some(format!("there are {of} keys, and the scenario has {keys}; write less"));
        }
        self.crowd(storm.clients, open)
    }

    /// Why so many requests cannot be without an answer at once.
    fn crowd(&self, most: u8, open: bool) -> Option<String> {
        let sessions = self.sessions();
        // Each has a number, and so has the line of each client.
        let room = usize::from(most).min(255 - usize::from(self.clients));
        (open && sessions > room).then(|| {
            format!(
                "{} clients with {} requests outstanding each are {sessions} at once, and the \
                 scenario has {room}; write less",
                self.clients,
                sessions / usize::from(self.clients.max(1))
            )
        })
    }
}

/// What is drawn of a workload beside how many clients ask how often.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    names: &'static [&'static str],
    keys: u32,
    /// How many requests may be without an answer at once.
    sessions: u8,
    /// Whether clients wait for answers at all.
    answers: bool,
}

impl Demand {
    /// Draws how requests arrive, what they are for, and what becomes of those without an answer.
    pub(super) fn draw(&self, stream: &mut impl Rng, workload: &mut Workload) {
        let (of, every) = (self.keys, workload.think);
        let exponent = pick(stream, &[700, 1_000, 1_500]);
        let share = pick(stream, &[500_000, 900_000]);
        let keys =
            [Keys::One, Keys::Uniform { of }, Keys::Zipf { of, exponent }, Keys::Hot { of, share }];
        workload.keys = Some(pick(stream, &keys)).filter(|_| of > 1);
        let weights = self.names.iter().map(|name| (*name, pick(stream, &[1, 3, 10])));
        workload.mix = weights.map(|(name, weight)| (name.to_string(), weight)).collect();
        let room = u64::from(self.sessions / workload.clients.max(1)).max(1);
        let outstanding = if self.answers { between(stream, 1, room) as u8 } else { 1 };
        let how = below(stream, 4);
        workload.arrivals = match how {
            _ if self.sessions > 127 => None,
            0 => Some(Arrivals::Constant { every, outstanding }),
            1 => Some(Arrivals::Poisson { every, outstanding }),
            _ => None,
        };
        let waits = pick(stream, &[1, 2, 5]).s();
        let spacing = pick(
            stream,
            &[
                Spacing::Fixed(100.ms()),
                Spacing::Fixed(1.s()),
                Spacing::Backoff { first: 20.ms(), most: 2.s() },
            ],
        );
        let retries = pick(stream, &[0, 0, 1, 2, 3]);
        if !self.answers {
            return;
        }
        let forgets = workload.gives_up > 0;
        workload.waits = Some(waits).filter(|_| forgets && retries != 1);
        workload.retries = match retries {
            1 => Some(Retries::Same(spacing)),
            2 if forgets => Some(Retries::Anew(spacing)),
            3 if forgets => Some(Retries::Never),
            _ => None,
        };
    }
}
