//! The failures of a simulation, each with its story and its diagram.

use std::fmt::Write;

use splitbrain::report::{CounterexampleReport, FailureReport};

use super::{Told, escaped, put};
use crate::print::measures::alike;
use crate::print::of;

/// Every failure that was kept.
pub(super) fn failures(body: &mut String, told: &Told<'_>) {
    let report = told.report;
    let failures: Vec<&FailureReport> =
        report.failure.iter().chain(&report.other_failures).collect();
    for (place, failure) in failures.iter().enumerate() {
        put!(body, "<section class=\"failure\">");
        let number = match failures.len() {
            1 => "The failure".to_string(),
            all => format!("Failure {} of {all}", place + 1),
        };
        let invariant = escaped(&failure.invariant);
        put!(body, "<h2>{number}: <code>{invariant}</code></h2>");
        put!(body, "<p class=\"reason\">{}</p>", escaped(&failure.reason));
        let alike = alike(failure);
        let steps = of(failure.steps as u64, "step");
        let run = format!("Run {} of seed {}, {steps}, {alike}.", failure.run, failure.seed);
        put!(body, "<p class=\"note\">{}</p>", escaped(&run));
        commands(body, told, place);
        if let Some(one) = &failure.counterexample {
            if let Some(left) = one.plan.as_ref().filter(|left| **left != failure.plan) {
                put!(body, "<p>What is left of it fails, too:</p><pre>{}</pre>", escaped(left));
            }
            diagram(body, one);
        }
        put!(
            body,
            "<details><summary>What its run had in store</summary><pre>{}</pre></details>",
            escaped(&failure.plan)
        );
        put!(body, "</section>");
    }
}

fn commands(body: &mut String, told: &Told<'_>, place: usize) {
    let saved = told.saved.get(place).and_then(Option::as_ref);
    let replay = saved.map(|path| format!("{} replay {path}", told.program));
    let commands = replay.iter().chain(told.again.get(place)).map(|command| escaped(command));
    put!(body, "<pre class=\"commands\">{}</pre>", commands.collect::<Vec<_>>().join("\n"));
}

fn diagram(body: &mut String, one: &CounterexampleReport) {
    let (steps, nodes) = (of(one.steps as u64, "step"), of(one.nodes as u64, "node"));
    let steps_in_words = one.story.steps_in_words();
    let last = match (one.story.left_out, one.later) {
        (0, None) => String::new(),
        (0, Some(later)) => format!("; {}", later.in_words()),
        (_, later) => {
            let later = later.map_or(String::new(), |later| format!("; {}", later.in_words()));
            format!(", the last {} of them shown{later}", one.story.steps.len())
        }
    };
    // As an image: the classes of one drawing are not those of the page, nor of another.
    put!(
        body,
        "<figure><img class=\"diagram\" alt=\"{}\" src=\"data:image/svg+xml,{}\"><figcaption>{steps} \
         among {nodes}{last}</figcaption></figure>",
        escaped(&steps_in_words.join("\n")),
        percent_encoded(&one.story.to_svg())
    );
    put!(
        body,
        "<details><summary>Step by step</summary><pre>{}</pre></details>",
        escaped(&steps_in_words.join("\n"))
    );
}

/// A text as a part of an address.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' | b':' | b'=' => {
                encoded.push(char::from(byte));
            }
            b',' | b';' | b'(' | b')' => encoded.push(char::from(byte)),
            other => {
                // Writing to a text cannot fail.
                let _ = write!(encoded, "%{other:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::percent_encoded;

    #[test]
    fn no_byte_of_an_address_is_markup() {
        assert_eq!(percent_encoded("<a b='ü#\"%\">"), "%3Ca%20b=%27%C3%BC%23%22%25%22%3E");
    }
}
