//! The timers of one node, and when they go off.
//!
//! Most timers are set again long before they go off: an election timer by every heartbeat. So
//! setting one anew only notes its new moment; what is on the agenda stays there, and is put off
//! when its own moment comes. The number taken when a timer is set goes with it, so that what is due
//! at one moment goes in the order in which it was set, put off or not.

/// The timers of one node that are set, or of which something is on the agenda still.
pub(super) struct Alarms<T> {
    all: Vec<Alarm<T>>,
}

struct Alarm<T> {
    timer: T,
    /// When it goes off, and the number of this setting; none if it is not set.
    set: Option<(u64, u64)>,
    /// What is on the agenda for it.
    pending: Option<(u64, u64)>,
}

/// What is to be done as an alarm on the agenda comes up.
pub(super) enum Ring {
    /// Nothing: it is no longer set, or something else is on the agenda for it.
    Stale,
    /// It goes off later: it is put on the agenda again, for this moment and with this number.
    PutOff(u64, u64),
    /// It goes off.
    Due,
}

impl<T: PartialEq> Alarms<T> {
    pub(super) fn none() -> Self {
        Alarms { all: Vec::new() }
    }

    /// Sets a timer; says whether something must be put on the agenda for it.
    #[must_use]
    pub(super) fn set(&mut self, timer: &T, at: u64, number: u64) -> bool
    where
        T: Clone,
    {
        let found = self.all.iter().position(|alarm| alarm.timer == *timer);
        let place = found.unwrap_or_else(|| {
            self.all.push(Alarm { timer: timer.clone(), set: None, pending: None });
            self.all.len() - 1
        });
        let alarm = &mut self.all[place];
        alarm.set = Some((at, number));
        let comes_up_in_time = alarm.pending.is_some_and(|pending| pending <= (at, number));
        if !comes_up_in_time {
            alarm.pending = alarm.set;
        }
        !comes_up_in_time
    }

    /// A timer is no longer set.
    pub(super) fn cancel(&mut self, timer: &T) {
        if let Some(place) = self.all.iter().position(|alarm| alarm.timer == *timer) {
            self.all[place].set = None;
            self.forget_if_done(place);
        }
    }

    /// No timer is set any more.
    pub(super) fn clear(&mut self) {
        self.all.clear();
    }

    /// Whether this setting of a timer is in force.
    pub(super) fn is_set(&self, timer: &T, number: u64) -> bool {
        let is_it = |alarm: &Alarm<T>| {
            alarm.timer == *timer && alarm.set.is_some_and(|(_, set)| set == number)
        };
        self.all.iter().any(is_it)
    }

    /// What was put on the agenda for a timer under that number comes up.
    pub(super) fn ring(&mut self, timer: &T, number: u64) -> Ring {
        let Some(place) = self.all.iter().position(|alarm| alarm.timer == *timer) else {
            return Ring::Stale;
        };
        let alarm = &mut self.all[place];
        if alarm.pending.is_none_or(|(_, pending)| pending != number) {
            return Ring::Stale;
        }
        match alarm.set {
            Some((_, set)) if set == number => {
                alarm.pending = None;
                Ring::Due
            }
            Some((at, set)) => {
                alarm.pending = alarm.set;
                Ring::PutOff(at, set)
            }
            None => {
                alarm.pending = None;
                self.forget_if_done(place);
                Ring::Stale
            }
        }
    }

    fn forget_if_done(&mut self, place: usize) {
        let alarm = &self.all[place];
        if alarm.set.is_none() && alarm.pending.is_none() {
            self.all.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An agenda of alarms alone: sorted moments and numbers.
    struct Clockwork {
        alarms: Alarms<char>,
        agenda: Vec<(u64, u64, char)>,
        number: u64,
    }

    impl Clockwork {
        fn new() -> Self {
            Clockwork { alarms: Alarms::none(), agenda: Vec::new(), number: 0 }
        }

        fn set(&mut self, timer: char, at: u64) {
            self.number += 1;
            if self.alarms.set(&timer, at, self.number) {
                self.put(at, self.number, timer);
            }
        }

        fn put(&mut self, at: u64, number: u64, timer: char) {
            self.agenda.push((at, number, timer));
            self.agenda.sort_unstable();
        }

        /// What goes off up to a moment: each with its moment.
        fn until(&mut self, end: u64) -> Vec<(char, u64)> {
            let mut gone_off = Vec::new();
            while self.agenda.first().is_some_and(|(at, ..)| *at <= end) {
                let (now, number, timer) = self.agenda.remove(0);
                match self.alarms.ring(&timer, number) {
                    Ring::Stale => {}
                    Ring::PutOff(at, number) => self.put(at, number, timer),
                    Ring::Due => {
                        self.alarms.cancel(&timer);
                        gone_off.push((timer, now));
                    }
                }
            }
            gone_off
        }
    }

    #[test]
    fn a_timer_goes_off_when_it_was_set_for_last() {
        let mut clockwork = Clockwork::new();
        (0..5).for_each(|k| clockwork.set('e', 100 + 10 * k));
        assert_eq!(clockwork.agenda.len(), 1, "setting it anew puts nothing on the agenda");
        assert_eq!(clockwork.until(139), []);
        assert_eq!(clockwork.until(140), [('e', 140)]);
        assert_eq!(clockwork.until(1_000), []);
        assert!(clockwork.alarms.all.is_empty(), "nothing is kept of it");
    }

    #[test]
    fn a_timer_set_for_an_earlier_moment_goes_off_then_and_once() {
        let mut clockwork = Clockwork::new();
        clockwork.set('e', 100);
        clockwork.set('e', 50);
        assert_eq!(clockwork.until(1_000), [('e', 50)]);
    }

    #[test]
    fn a_timer_that_is_cancelled_does_not_go_off_until_it_is_set_again() {
        let mut clockwork = Clockwork::new();
        clockwork.set('e', 100);
        clockwork.alarms.cancel(&'e');
        clockwork.set('h', 60);
        assert_eq!(clockwork.until(80), [('h', 60)]);
        clockwork.set('e', 90);
        assert_eq!(clockwork.until(1_000), [('e', 90)]);
        clockwork.set('e', 2_000);
        clockwork.alarms.clear();
        clockwork.set('e', 3_000);
        assert_eq!(clockwork.until(9_000), [('e', 3_000)]);
    }

    #[test]
    fn what_is_set_first_goes_off_first_though_it_was_put_off() {
        let mut clockwork = Clockwork::new();
        clockwork.set('a', 10);
        clockwork.set('a', 100);
        clockwork.set('b', 100);
        assert_eq!(clockwork.until(100), [('a', 100), ('b', 100)]);
    }
}
