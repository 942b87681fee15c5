//! Rules about browsers: pages that may send.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&WEB_ORIGIN];

pub(crate) const WEB_ORIGIN: Rule = Rule {
    code: "EG220",
    name: "web-origin",
    purpose: "`origins` lists origins of web pages as browsers write them.",
    text: "An origin is a scheme, a host and perhaps a port, compared to the letter: in lower case, without a path or a \
           slash at its end, and without the port that its scheme implies. `https://*.example.com` stands for one label \
           in place of the `*`: a.example.com, but neither example.com nor a.b.example.com. `null` is the origin of \
           files and sandboxed frames, which anybody can have. `*` is every origin; it stands alone, and not beside \
           `credentials: true`.",
    bad: "cors: { origins: [https://shop.example/] }",
    good: "cors: { origins: [https://shop.example, \"https://*.example.com\"], max_age: 2h }",
};
