//! The only place that knows a clock: it shows how far engines are, and ends them when time or
//! memory is up, or when the user says so.

use std::io::IsTerminal;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use rustix::time::{ClockId, clock_gettime};
use splitbrain::explore::estimate;
use splitbrain::simulate::Books;
use splitbrain::{Observer, Progress};

use crate::arguments::Ends;
use crate::books::Keeper;
use crate::print::measures::lasted as time_lasted;
use crate::print::{bytes_in_words, count, roughly};
use crate::session::Problem;

#[expect(clippy::disallowed_types, reason = "the one clock: limits and progress, never a verdict")]
type Clock = std::time::Instant;

/// Whether the user has asked for an end.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Lines are this far apart where there is no terminal.
const LINES_APART: Duration = Duration::from_secs(5);
/// The live line is drawn, and memory is read, this often.
const LOOKS_APART: Duration = Duration::from_millis(100);
/// A campaign's books are written this often, and when it ends.
const BOOKS_APART: Duration = Duration::from_secs(2);
/// What a shell reports for a process that Ctrl-C ended.
const ENDED_BY_INTERRUPT: i32 = 130;

/// Whether the user has asked for an end.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Makes Ctrl-C a wish to end with a verdict; a second one ends at once.
fn heed_interrupts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let heeded = ctrlc::set_handler(|| {
            if INTERRUPTED.swap(true, Ordering::Relaxed) {
                std::process::exit(ENDED_BY_INTERRUPT);
            }
            eprintln!("ending with what is known; Ctrl-C again ends at once");
        });
        if let Err(error) = heeded {
            tracing::warn!("Ctrl-C will end this process without a verdict: {error}");
        }
    });
}

/// Counts the seconds that something takes.
pub(crate) struct Stopwatch(Clock);

impl Stopwatch {
    pub(crate) fn start() -> Stopwatch {
        Stopwatch(Clock::now())
    }

    /// The seconds since it was started.
    pub(crate) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

/// Seconds of this thread's processor time, so far.
pub(crate) fn processor() -> f64 {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9
}

/// Watches one engine at work.
pub(crate) struct Watch {
    began: Clock,
    looked: Option<Clock>,
    time: Option<Duration>,
    memory: Option<u64>,
    /// Whether the limit of memory is ours, and not the user's.
    by_default: bool,
    display: Display,
    /// How long the work takes, if it is asked to take that long; and how long it took before.
    enough: Option<Duration>,
    before: Duration,
    books: Option<Shelf>,
}

/// Where books are kept, when they were written, and why they could not be.
struct Shelf {
    keeper: Keeper,
    written: Option<Clock>,
    problem: Option<Problem>,
}

/// How progress is shown.
enum Display {
    Nothing,
    Live(ProgressBar),
    Lines { title: String, last: Clock },
}

impl Watch {
    /// A watch over work of that title.
    ///
    /// # Errors
    /// Memory is to be limited, and cannot be measured here.
    pub(crate) fn new(title: &str, ends: &Ends, shown: bool) -> Result<Watch, Problem> {
        if ends.memory.is_some() && resident().is_none() {
            return Err(Problem(
                "--memory is not supported here, for there is no /proc/self/status to read; \
                 bound the search with --states instead"
                    .to_string(),
            ));
        }
        heed_interrupts();
        let now = Clock::now();
        let display = match (shown, std::io::stderr().is_terminal()) {
            (false, _) => Display::Nothing,
            (true, true) => Display::Live(live_line(title)),
            (true, false) => Display::Lines { title: title.to_string(), last: now },
        };
        let (time, memory) = (ends.time, memory_limit(ends));
        let by_default = ends.memory.is_none();
        Ok(Watch {
            began: now,
            looked: None,
            time,
            memory,
            by_default,
            display,
            enough: None,
            before: Duration::ZERO,
            books: None,
        })
    }

    /// Lets a campaign go on for that long, what it took before included.
    pub(crate) fn goes_on_for(&mut self, time: Option<Duration>, before: Duration) {
        (self.enough, self.before) = (time, before);
    }

    /// Keeps the campaign's books there.
    pub(crate) fn keeps_books(&mut self, keeper: Keeper) {
        self.books = Some(Shelf { keeper, written: None, problem: None });
    }

    /// Why the books could not be kept, if they could not; and their keeper.
    pub(crate) fn books_kept(&mut self) -> Option<(Keeper, Option<Problem>)> {
        self.books.take().map(|shelf| (shelf.keeper, shelf.problem))
    }

    /// As [`Observer::look`], for a search for an order of operations.
    pub(crate) fn placing(&mut self, states: u64) -> Option<String> {
        self.look_with(|elapsed| {
            let rate = states as f64 / elapsed.as_secs_f64().max(0.001);
            let seconds = elapsed.as_secs();
            format!("{} states, {}/s, {seconds} s", count(states), count(rate as u64))
        })
    }

    /// Shows these words and says what is up, unless it did so a moment ago.
    fn look_with(&mut self, words: impl FnOnce(Duration) -> String) -> Option<String> {
        let now = Clock::now();
        if self.looked.is_some_and(|last| now.duration_since(last) < LOOKS_APART) {
            return None;
        }
        self.looked = Some(now);
        let elapsed = now.duration_since(self.began);
        self.show(|| words(elapsed), now);
        self.limit(elapsed)
    }

    fn limit(&self, elapsed: Duration) -> Option<String> {
        if interrupted() {
            return Some("interrupted by Ctrl-C".to_string());
        }
        if let Some(time) = self.time.filter(|time| elapsed >= *time) {
            return Some(format!("out of time (--time {})", time_in_words(time)));
        }
        let limit = self.memory?;
        resident().filter(|resident| *resident >= limit).map(|_| {
            let limit = bytes_in_words(limit);
            match self.by_default {
                true => format!("out of memory (--memory {limit}, by default)"),
                false => format!("out of memory (--memory {limit})"),
            }
        })
    }

    fn show(&mut self, words: impl FnOnce() -> String, now: Clock) {
        match &mut self.display {
            Display::Nothing => {}
            Display::Live(line) => line.set_message(words()),
            Display::Lines { title, last } => {
                if now.duration_since(*last) >= LINES_APART {
                    *last = now;
                    eprintln!("{title}: {}", words());
                }
            }
        }
    }
}

impl Observer for Watch {
    fn look(&mut self, progress: &Progress<'_>) -> Option<String> {
        if self.books.as_ref().is_some_and(|shelf| shelf.problem.is_some()) {
            return Some("its books cannot be kept (--campaign)".to_string());
        }
        let before = self.before;
        self.look_with(|elapsed| in_words(progress, before + elapsed))
    }

    fn enough(&mut self) -> bool {
        self.enough.is_none_or(|time| self.before + self.began.elapsed() >= time)
    }

    fn keep(&mut self, books: &dyn Fn() -> Books, last: bool) {
        let Some(shelf) = &mut self.books else { return };
        let now = Clock::now();
        let due = shelf.written.is_none_or(|last| now.duration_since(last) >= BOOKS_APART);
        if due || last {
            let elapsed = self.before + now.duration_since(self.began);
            shelf.written = Some(now);
            shelf.problem = shelf.keeper.write(books(), elapsed).err();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Display::Live(line) = &self.display {
            line.finish_and_clear();
        }
    }
}

fn live_line(title: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {prefix}: {wide_msg}");
    let line = ProgressBar::new_spinner().with_prefix(title.to_string());
    line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    line.enable_steady_tick(LOOKS_APART);
    line
}

/// How much memory this process may take: what the user says, or three quarters of what is there.
pub(crate) fn memory_limit(ends: &Ends) -> Option<u64> {
    ends.memory.or_else(|| available().map(|bytes| bytes / 4 * 3))
}

/// Memory that this process can have, in bytes, where the system says so: of the machine, or of
/// the container it runs in.
fn available() -> Option<u64> {
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    let granted = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let granted = granted.and_then(|bytes| bytes.trim().parse().ok()).unwrap_or(u64::MAX);
    Some((kilobytes * 1_024).min(granted))
}

/// Memory this process takes, in bytes, where the system says so.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

/// What may be said of the size of a search: the guess, once there is one and while it lies ahead.
fn guess(states: usize, levels: &[usize], deepest: Option<u32>) -> String {
    // The last level is still growing; where each of the others begins, the one before has ended.
    let ends = levels.get(1..).unwrap_or_default();
    match estimate(ends, deepest).filter(|guessed| *guessed > states as u64) {
        Some(guessed) => format!(", perhaps {} in all", roughly(guessed)),
        None => String::new(),
    }
}

fn in_words(progress: &Progress<'_>, elapsed: Duration) -> String {
    let rate = |number: u64| count((number as f64 / elapsed.as_secs_f64().max(0.001)) as u64);
    let memory = resident().map(|bytes| format!(", {}", bytes_in_words(bytes)));
    let memory = memory.unwrap_or_default();
    let seconds = elapsed.as_secs();
    match *progress {
        Progress::Exploring { states, transitions, depth, frontier, levels, deepest } => format!(
            "{} states{}, {} transitions, depth {depth}, {} waiting, {}/s{memory}, {seconds} s",
            count(states as u64),
            guess(states, levels, deepest),
            count(transitions),
            count(frontier as u64),
            rate(states as u64)
        ),
        Progress::Simulating {
            runs,
            of,
            steps,
            lasted,
            of_time,
            reached,
            goals,
            failures,
            faults,
            shown,
        } => {
            let s = if faults == 1 { "" } else { "s" };
            let shown = shown.map_or(String::new(), |shown| format!(", {} features", count(shown)));
            let of = of.map_or(String::new(), |of| format!(" of {}", count(of)));
            let of_time = of_time
                .map_or(String::new(), |time| format!(" of {}", time_lasted(time.as_micros())));
            let failed = match failures {
                0 => String::new(),
                failures => format!(", {} failed", count(failures)),
            };
            format!(
                "{}{of} runs{failed}, {} steps/s, {}{of_time} of virtual time, {reached} of {goals} \
                 goals, {faults} kind{s} of fault{shown}, {} runs/s{memory}, {seconds} s",
                count(runs),
                rate(steps),
                time_lasted(lasted.as_micros()),
                rate(runs)
            )
        }
        Progress::Shrinking { tries, steps } => {
            format!("shrinking, {} tries, down to {steps} steps, {seconds} s", count(tries))
        }
    }
}

/// As the user would write it.
fn time_in_words(time: Duration) -> String {
    match (time.as_millis(), time.as_secs()) {
        (millis, _) if millis % 1_000 > 0 => format!("{millis}ms"),
        (_, seconds) if seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
        (_, seconds) if seconds % 60 == 0 => format!("{}m", seconds / 60),
        (_, seconds) => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_told_with_a_guess_once_there_is_ground_for_one() {
        // Raft's three elections: where each level begins, from where a million states are known.
        let levels = [
            0, 1, 4, 16, 59, 212, 731, 2_366, 7_223, 20_846, 57_104, 149_276, 372_581, 883_637,
            1_977_293, 4_143_185, 8_070_095, 14_505_806,
        ];
        let said = |levels: &[usize], states| {
            let progress = Progress::Exploring {
                states,
                transitions: 2_000_000,
                depth: 9,
                frontier: 1_000,
                levels,
                deepest: None,
            };
            in_words(&progress, Duration::from_secs(10))
        };
        let (early, late) = (said(&levels[..11], 60_000), said(&levels, 14_600_000));
        assert!(early.starts_with("60,000 states, 2,000,000 transitions, depth 9, "), "{early}");
        assert!(late.starts_with("14,600,000 states, perhaps 130 M in all, 2,000,"), "{late}");
        assert!(late.contains(" 1,000 waiting, 1,460,000/s"), "{late}");
        // What was overtaken is no longer said.
        assert!(!said(&levels, 900_000_000).contains("perhaps"));
        assert!(!said(&[], 0).contains("perhaps"));
    }

    #[test]
    fn a_campaign_is_told_with_what_was_asked_of_it() {
        let hour = splitbrain::Span::seconds(3_600);
        let said = |of, of_time, failures, shown| {
            let progress = Progress::Simulating {
                runs: 1_234,
                of,
                steps: 50_000,
                lasted: hour,
                of_time,
                reached: 2,
                goals: 3,
                failures,
                faults: 7,
                shown,
            };
            in_words(&progress, Duration::from_secs(10))
        };
        let by_runs = said(Some(5_000), None, 0, None);
        let words = "1,234 of 5,000 runs, 5,000 steps/s, 1 h 0 min of virtual time, 2 of 3 goals, 7 kinds of \
             fault, 123";
        assert!(by_runs.starts_with(words), "{by_runs}");
        let by_time = said(None, Some(hour * 2), 7, None);
        let words = "1,234 runs, 7 failed, 5,000 steps/s, 1 h 0 min of 2 h 0 min of virtual time";
        assert!(by_time.starts_with(words), "{by_time}");
        let guided = said(Some(5_000), None, 0, Some(4_321));
        assert!(guided.contains(", 2 of 3 goals, 7 kinds of fault, 4,321 features, "), "{guided}");
    }
}
