//! The tokens that are let in, and whom each of them speaks for.
//!
//! Owns who is known and who has been turned out. Must not know requests.

/// Whom a token speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenOwner {
    /// The person that the sandbox's own token is of.
    Caller,
    /// Another member of the organization, who may do what the caller may.
    Colleague,
    /// The same person in another organization: from there this one cannot be seen (API sheet, section 4.2).
    Elsewhere,
}

/// Every token there has been; the first is the sandbox's own.
#[derive(Debug)]
pub(super) struct Tokens(Vec<KnownToken>);

#[derive(Debug)]
struct KnownToken {
    token: String,
    bearer: TokenOwner,
    revoked: bool,
}

impl Tokens {
    pub(super) fn new(own: String) -> Self {
        Self(vec![KnownToken { token: own, bearer: TokenOwner::Caller, revoked: false }])
    }

    /// Lets a token in from now on, one that was turned out as well.
    pub(super) fn accept(&mut self, token: &str, bearer: TokenOwner) {
        self.0.retain(|known| known.token != token);
        self.0.push(KnownToken { token: token.to_owned(), bearer, revoked: false });
    }

    /// Whom the value of an `Authorization` header speaks for: `TokenOwner`, one space, a token that is let in.
    pub(super) fn bearer(&self, header: &[u8]) -> Option<TokenOwner> {
        let token = header.strip_prefix(b"Bearer ")?;
        self.0
            .iter()
            .find(|known| known.token.as_bytes() == token && !known.revoked)
            .map(|known| known.bearer)
    }

    /// Turns out the token of one `Authorization` header.
    pub(super) fn revoke(&mut self, header: &[u8]) {
        let token = header.strip_prefix(b"Bearer ").unwrap_or_default();
        self.turn_out(|known| known.token.as_bytes() == token);
    }

    /// Turns out every token of one bearer.
    pub(super) fn revoke_of(&mut self, bearer: TokenOwner) {
        self.turn_out(|known| known.bearer == bearer);
    }

    /// Turns out every token there is.
    pub(super) fn revoke_all(&mut self) {
        self.turn_out(|_| true);
    }

    fn turn_out(&mut self, which: impl Fn(&KnownToken) -> bool) {
        self.0.iter_mut().filter(|known| which(known)).for_each(|known| known.revoked = true);
    }
}
