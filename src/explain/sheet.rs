//! A sheet that SVG elements are written on, and the look of its classes.

use std::fmt::Write;

/// Columns of the monospaced font are this wide, as a part of its size.
const ADVANCE: f64 = 0.602;

/// The sheet's classes: light, and dark where the reader prefers it. Colours are told apart by
/// lightness too, for print and for the colour-blind (after Okabe and Ito, "Color Universal
/// Design", 2008).
const STYLE: &str = "\
text{font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,\
'Noto Sans','DejaVu Sans',sans-serif;fill:#1f2933}
.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
.title{font-size:20px;font-weight:600}
.summary{font-size:14px;fill:#52606d}
.node{font-size:14px;font-weight:600}
.number{font-size:11px;fill:#7b8794}
.label{font-size:12px;fill:#0b5394}
.lost,.fault{font-size:12px;fill:#b42318}
.timer{font-size:12px;fill:#8a5a00;font-weight:600}
.input{font-size:12px;fill:#0b6b4f;font-weight:600}
.note{font-size:11px;fill:#616e7c}
.event{font-size:11px;fill:#1f2933;font-weight:600}
.halo{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}
.verdict{font-size:16px;font-weight:700;fill:#b42318}
.sentence{font-size:14px}
.paper{fill:#fff}
.box{fill:#f5f7fa;stroke:#9aa5b1;stroke-width:1.2}
.life{stroke:#9aa5b1;stroke-width:1.4;fill:none}
.down{stroke:#b42318;stroke-width:1.4;stroke-dasharray:2 5;fill:none}
.flight{stroke:#1c6dbf;stroke-width:1.6;fill:none}
.head{fill:#1c6dbf}
.astray{stroke:#1c6dbf;stroke-width:1.3;stroke-dasharray:3 4;fill:none}
.cross{stroke:#d92d20;stroke-width:2.4;stroke-linecap:round;fill:none}
.lose{stroke:#d92d20;stroke-width:1.6;fill:none}
.dot{fill:#334e68}
.red{fill:#d92d20}
.clock{fill:#fff;stroke:#b7791f;stroke-width:1.8}
.asked{fill:#12805c}
.back{fill:#fff;stroke:#12805c;stroke-width:2}
.band{fill:#fee4e2}
.panel{fill:#fff1f0;stroke:#d92d20;stroke-width:1.4}
@media (prefers-color-scheme:dark){
text,.event{fill:#e4e7eb}
.summary,.note{fill:#9aa5b1}
.number{fill:#7b8794}
.label{fill:#8cc4ff}
.lost,.fault,.verdict{fill:#ff9c92}
.timer{fill:#f3c15f}
.input{fill:#6fd6b0}
.halo{stroke:#15191e}
.paper{fill:#15191e}
.box{fill:#222a33;stroke:#616e7c}
.life{stroke:#616e7c}
.down,.cross,.lose{stroke:#f97066}
.flight,.astray{stroke:#63a9f0}
.head{fill:#63a9f0}
.dot{fill:#bcccdc}
.red{fill:#f97066}
.clock{fill:#15191e;stroke:#e0a83f}
.asked{fill:#3fbf94}
.back{fill:#15191e;stroke:#3fbf94}
.band{fill:#41201e}
.panel{fill:#2b1a19;stroke:#f97066}
}
";

/// A place on the sheet, in pixels from its upper left corner.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Where a text stands, seen from its point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Elements, in the order they are painted.
#[derive(Default)]
pub(super) struct Sheet {
    elements: String,
}

impl Sheet {
    /// A text whose baseline is at that height.
    pub(super) fn text(&mut self, at: Point, anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let Point { x, y } = at;
        let text = escaped(text);
        self.element(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">\
             {text}</text>"
        ));
    }

    pub(super) fn line(&mut self, from: Point, to: Point, class: &str) {
        let (Point { x: x1, y: y1 }, Point { x: x2, y: y2 }) = (from, to);
        self.element(format_args!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>"
        ));
    }

    pub(super) fn rectangle(&mut self, at: Point, width: f64, height: f64, class: &str) {
        let Point { x, y } = at;
        self.element(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             rx=\"6\" class=\"{class}\"/>"
        ));
    }

    pub(super) fn circle(&mut self, at: Point, radius: f64, class: &str) {
        let Point { x, y } = at;
        self.element(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" class=\"{class}\"/>"
        ));
    }

    pub(super) fn polygon(&mut self, corners: &[Point], class: &str) {
        let corners: Vec<String> =
            corners.iter().map(|Point { x, y }| format!("{x:.1},{y:.1}")).collect();
        let corners = corners.join(" ");
        self.element(format_args!("<polygon points=\"{corners}\" class=\"{class}\"/>"));
    }

    /// A curve that leaves a lifeline and comes back to it, bulging to that side.
    pub(super) fn bulge(&mut self, from: Point, to: Point, by: f64, class: &str) {
        let (x, side) = (from.x, from.x + by);
        let (y1, y2, end) = (from.y, to.y, to.x);
        self.element(format_args!(
            "<path d=\"M{x:.1} {y1:.1}C{side:.1} {y1:.1} {side:.1} {y2:.1} {end:.1} {y2:.1}\" \
             class=\"{class}\"/>"
        ));
    }

    /// A cross of two strokes.
    pub(super) fn cross(&mut self, at: Point, arm: f64, class: &str) {
        let Point { x, y } = at;
        for up in [arm, -arm] {
            let (from, to) = (Point { x: x - arm, y: y - up }, Point { x: x + arm, y: y + up });
            self.line(from, to, class);
        }
    }

    /// Puts what `draw` paints together under a title that viewers show when it is pointed at.
    pub(super) fn titled(&mut self, title: &str, draw: impl FnOnce(&mut Sheet)) {
        self.element(format_args!("<g><title>{}</title>", escaped(title)));
        draw(self);
        self.element(format_args!("</g>"));
    }

    fn element(&mut self, element: std::fmt::Arguments<'_>) {
        self.elements.write_fmt(element).expect("a string takes all that is written");
        self.elements.push('\n');
    }

    /// The whole document: what is on it, its size, and its title and description for those who
    /// cannot see it.
    pub(super) fn finish(self, width: f64, height: f64, title: &str, description: &str) -> String {
        let (title, description) = (escaped(title), escaped(description));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" \
             height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
             aria-labelledby=\"title description\">\n\
             <title id=\"title\">{title}</title>\n\
             <desc id=\"description\">{description}</desc>\n\
             <style>\n{STYLE}</style>\n\
             <rect width=\"100%\" height=\"100%\" class=\"paper\"/>\n\
             {}</svg>\n",
            self.elements
        )
    }
}

/// How wide a text in the monospaced font is, at that size.
pub(super) fn width_of(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * ADVANCE
}

/// How many columns of the monospaced font fit into that width, at that size.
pub(super) fn columns_in(width: f64, size: f64) -> usize {
    (width / (size * ADVANCE)).max(4.0) as usize
}

/// A text as XML character data; what XML cannot hold at all (section 2.2) is replaced.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' => safe.push(character),
            '\u{10000}'.. => safe.push(character),
            _ => safe.push('\u{fffd}'),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn whatever_a_value_prints_can_stand_in_a_document() {
        for (text, expected) in [
            ("Map { <a & \"b\"> }", "Map { &lt;a &amp; &quot;b&quot;&gt; }"),
            ("nul \u{0} bell \u{7} end", "nul \u{fffd} bell \u{fffd} end"),
            ("→ \u{1F600} \u{ffff}", "→ \u{1F600} \u{fffd}"),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}
