//! A detector that draws its suspicion over time: the same silence, judged by what was usual
//! before. `cargo run -p splitbrain-models --example suspicion`

use std::collections::BTreeMap;

use splitbrain::Undisturbed;
use splitbrain::catalog::build;
use splitbrain::explain::tell;
use splitbrain::explore::{Limits, reach};
use splitbrain_models::parts::phi_accrual::{Phi, PhiAccrual, Settings};
use splitbrain_models::phi_accrual::PhiAccrualModel;

const BEFORE: &str = "\
THE SUSPICION OF TWO NODES OVER TIME

Both send a heartbeat a second. The links of the first are punctual to 30 ms, those of the second
to 400 ms. Both lose a heartbeat at 24 s, fall silent for four seconds at 28 s, and crash at 37 s.
Their detectors have the same settings; they remember 20 intervals, and none longer than 3 s.
A full stop is φ = 1, 3 and 8: three applications could draw the line at three places. Each `h` is a
heartbeat.
";

const AFTER: &str = "\
What to look at:

- Nobody decided beforehand how long is too long. When the heartbeat of 24 s does not come, the
  punctual node is suspected at every level by 24.5 s; the other then at the first level only.
- After that the first is less punctual in its detector's eyes. An interval of two seconds is among
  the 20 now, and in the outage its level is below 8 at 29 s still.
- The outage leaves no such trace. It was longer than 3 s, and is no sample. Were it one, the crash
  would be noticed so much later: that is the mistake `outage-in-window`.
- The level rises for as long as nothing is heard. Computed in floating point as the definition is
  written, it would be infinite from 16 on: 1 − F is 0 there.
";

const MODEL: &str = "\
THE SAME IN A SYSTEM

The model's watcher may look at any tick of its clock, and heartbeats take as long as they like.
This is the shortest way to a suspicion that was wrong: the first heartbeat is late.
";

const SEEN: &str = "\
Nothing can rule that out: no detector is complete and accurate where messages may take any time.";

fn main() -> Result<(), String> {
    println!("{BEFORE}");
    let mut nodes = [Watched::new(30), Watched::new(400)];
    println!("{:>6}   {:<44} links punctual to 400 ms", "s", "links punctual to 30 ms");
    for at in (0..42_000).step_by(250) {
        let drawn = nodes.each_mut().map(|node| node.draw(at));
        if at >= 21_000 && at.is_multiple_of(500) {
            let [one, other] = drawn;
            println!("{:>4}.{}   {one} {}", at / 1_000, at % 1_000 / 100, other.trim_end());
        }
    }
    println!("\n{AFTER}\n{MODEL}");
    let scenario = build(&PhiAccrualModel, "small", None, &BTreeMap::new())
        .map_err(|misfit| misfit.to_string())?;
    let steps = reach(&scenario, "trusted-again", &Limits::default(), &mut Undisturbed)?;
    let story = tell(&scenario, &steps, None);
    println!("{}\n\n{}\n{SEEN}", story.steps_in_words().join("\n"), story.to_text());
    Ok(())
}

/// A node that is watched, and its detector.
struct Watched {
    detector: PhiAccrual,
    /// When its heartbeats will arrive, in milliseconds; the next one last.
    arrivals: Vec<u64>,
    /// How many arrived since it was last drawn.
    heard: usize,
}

impl Watched {
    /// Links that deliver within `jitter` milliseconds, any time alike.
    fn new(jitter: u64) -> Watched {
        let mut state: u64 = 2_004;
        let mut delay = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % (jitter + 1)
        };
        let sent = (0..=37_000).step_by(1_000).map(|sent| (sent, sent + delay()));
        let lost = |sent: u64| sent == 24_000 || (28_000..32_000).contains(&sent);
        let mut arrivals: Vec<u64> =
            sent.filter(|(sent, _)| !lost(*sent)).map(|(_, arrival)| arrival).collect();
        arrivals.reverse();
        let detector = PhiAccrual::new(Settings {
            threshold: Phi::whole(8),
            window: 20,
            first_estimate: Some(1_000),
            least_deviation: 50,
            acceptable_pause: 0,
            longest_sample: Some(3_000),
        });
        Watched { detector, arrivals, heard: 0 }
    }

    /// What is seen of it at that moment, which comes every quarter of a second.
    fn draw(&mut self, at: u64) -> String {
        while let Some(arrival) = self.arrivals.pop_if(|arrival| *arrival <= at) {
            self.detector.heartbeat(arrival);
            self.heard += 1;
        }
        let phi = self.detector.phi(at);
        let bar: String = (0..=32).map(|place| mark(place, phi)).collect();
        let heard = if at.is_multiple_of(500) { std::mem::take(&mut self.heard) } else { 0 };
        let number = if phi < Phi::whole(100) { phi.to_string() } else { "> 99".to_string() };
        format!("{:<2}{number:>5} {bar}", "h".repeat(heard))
    }
}

/// One letter of a bar; four are 1.
fn mark(place: u64, phi: Phi) -> char {
    if Phi(place * 250_000 + 125_000) <= phi {
        if place == 32 { '>' } else { '#' }
    } else if [4, 12, 32].contains(&place) {
        '.'
    } else {
        ' '
    }
}
