//! Rows as the server makes them: from a request's bytes by groups into a block of columns.

use bytes::Bytes;
use event_grpc::contract::{Append, Block, Context, Envelope, Group, Intake, Table};
use event_grpc::events::{Verdict, scan};
use event_grpc::generated::PIPELINE;
use event_grpc_loadgen::door::Form;
use event_grpc_loadgen::pattern::{Mix, Patterns};

/// Events of a request.
pub(crate) const EVENTS: u32 = 100;

pub(crate) fn envelope() -> &'static Envelope {
    let mut intakes = PIPELINE.sources.iter().map(|s| &s.intake);
    intakes
        .find_map(|intake| match intake {
            Intake::Grpc { envelope, .. } => Some(*envelope),
            Intake::Post { .. } => None,
        })
        .unwrap()
}

pub(crate) fn table(name: &str) -> &'static Table {
    let mut tables = PIPELINE.queues.iter().filter_map(|q| q.into.table());
    tables.find(|t| t.name == name).unwrap()
}

/// The requests with these numbers; the events of each number have other ids.
pub(crate) fn requests(mix: Mix, numbers: std::ops::Range<u64>) -> Vec<Bytes> {
    let patterns = Patterns::new(mix, EVENTS, 1, Form::Protobuf).unwrap();
    numbers.map(|n| patterns.request(n)).collect()
}

/// Calls `run` with each group of the requests' events: as many as the types of a request.
pub(crate) fn each_group(requests: &[Bytes], mut run: impl FnMut(&Group<'_>)) {
    for request in requests {
        let request = scan(request, envelope()).unwrap();
        let kinds = request.events.iter().filter_map(|e| match e.verdict {
            Verdict::Good(kind) => Some((kind, e.bytes)),
            _ => None,
        });
        let mut kinds: Vec<_> = kinds.collect();
        kinds.sort_by_key(|(kind, _)| kind.number);
        for run_of in kinds.chunk_by(|a, b| a.0.number == b.0.number) {
            let events: Vec<&[u8]> = run_of.iter().map(|(_, bytes)| *bytes).collect();
            run(&Group {
                kind: run_of[0].0,
                header: request.header.as_deref().unwrap(),
                events: &events,
                client: "",
            });
        }
    }
}

pub(crate) fn append(block: &mut Block, group: &Group<'_>, context: &Context) {
    let Append::Events(append) = block.table().append else {
        panic!("{} doesn't take events", block.table().name);
    };
    append(block, group, context).unwrap();
}
