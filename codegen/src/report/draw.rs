//! Diagnostics to text for a terminal. The only file, beside `proto.rs`, that names the library that draws.

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report,
    Severity,
};

use crate::base::diagnostic::{Diagnostic, Label, Sources};

/// Style of the output.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// With colours.
    pub colour: bool,
    /// In columns.
    pub width: usize,
}

/// All diagnostics, and a line that counts them.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let theme = if style.colour {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false);
    let mut text = String::new();
    for diagnostic in diagnostics {
        for report in reports(diagnostic, sources) {
            // Drawing into a string fails only if the theme does, and then the plain sentence has to do.
            if handler.render_report(&mut text, report.as_ref()).is_err() {
                text.push_str(&diagnostic.message);
            }
        }
        text.push('\n');
    }
    text.push_str(&match diagnostics.len() {
        1 => "1 mistake; nothing was written. `cargo xtask explain CODE` tells more.\n".to_owned(),
        n => format!("{n} mistakes; nothing was written. `cargo xtask explain CODE` tells more.\n"),
    });
    text
}

/// Number of lines between two places that are still drawn as one.
const NEAR: usize = 8;

/// A report, and a second one where the other place is in another file or far away: the place to edit comes first.
fn reports(diagnostic: &Diagnostic, sources: &Sources) -> Vec<Report> {
    let mut main = MietteDiagnostic::new(diagnostic.message.as_str()).with_code(diagnostic.code);
    if let Some(help) = &diagnostic.help {
        main = main.with_help(help.as_str());
    }
    let Some(primary) = &diagnostic.primary else {
        return vec![Report::new(main)];
    };
    let mut other = None;
    let mut labels = vec![LabeledSpan::new_primary_with_span(
        Some(primary.text.clone()),
        range(primary),
    )];
    match &diagnostic.secondary {
        Some(secondary) if are_near(primary, secondary, sources) => {
            labels.push(LabeledSpan::new_with_span(
                Some(secondary.text.clone()),
                range(secondary),
            ));
        }
        Some(secondary) => other = Some(secondary),
        None => {}
    }
    let mut reports = vec![with_source(main.with_labels(labels), primary, sources)];
    if let Some(other) = other {
        let label = LabeledSpan::new_primary_with_span(Some(other.text.clone()), range(other));
        let note = MietteDiagnostic::new("the other place")
            .with_severity(Severity::Advice)
            .with_labels([label]);
        reports.push(with_source(note, other, sources));
    }
    reports
}

fn with_source(diagnostic: MietteDiagnostic, label: &Label, sources: &Sources) -> Report {
    let report = Report::new(diagnostic);
    match sources.file(label.span.file) {
        Some(file) => report.with_source_code(NamedSource::new(&file.name, file.text.clone())),
        None => report,
    }
}

fn are_near(one: &Label, other: &Label, sources: &Sources) -> bool {
    let file = sources.file(one.span.file);
    let (start, end) = match one.span.start <= other.span.start {
        true => (one.span.start, other.span.start),
        false => (other.span.start, one.span.start),
    };
    let between = file.and_then(|file| file.text.get(start..end));
    one.span.file == other.span.file
        && between.is_some_and(|text| text.matches('\n').count() <= NEAR)
}

fn range(label: &Label) -> std::ops::Range<usize> {
    label.span.start..label.span.end
}
