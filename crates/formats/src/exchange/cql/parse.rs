//! The grammar of CQL, each rule above its function.

use super::lex::{Token, tokens};
use super::{
    Clause, Diagnostic, Field, MAX_BOOLEANS, MAX_DEPTH, MAX_EXTRAS, MAX_QUERY_BYTES, Modifier,
    Node, Operator, Prefix, Query, SortKey,
};
use crate::exchange::diagnostic::Code;

/// Reads a query.
///
/// # Errors
/// A diagnostic of SRU with the place in the query.
pub fn parse(query: &str) -> Result<Query, Diagnostic> {
    if query.len() > MAX_QUERY_BYTES {
        return Err(Diagnostic::new(
            Code::TooManyCharactersInQuery,
            format!("at most {MAX_QUERY_BYTES} bytes"),
        ));
    }
    let mut parser = Parser {
        tokens: tokens(query)?,
        next: 0,
        booleans: 0,
        extras: 0,
    };
    let prefixes = parser.prefixes()?;
    let root = parser.scoped_clause(0)?;
    let sort = parser.sort()?;
    if parser.peek().is_some() {
        return Err(parser.unexpected("the end of the query"));
    }
    Ok(Query {
        prefixes,
        root,
        sort,
    })
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    booleans: usize,
    extras: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|token| &token.1)
    }

    fn takes(&mut self, wanted: &Token) -> bool {
        let found = self.peek() == Some(wanted);
        self.next += usize::from(found);
        found
    }

    fn unexpected(&self, wanted: &str) -> Diagnostic {
        let place = match self.tokens.get(self.next) {
            Some((at, _)) => format!("at byte {at}"),
            None => "at the end".to_owned(),
        };
        Diagnostic::new(
            Code::QuerySyntaxError,
            format!("{wanted} is expected {place}"),
        )
    }

    /// A word without quotes that satisfies a condition, not taken yet.
    fn bare(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word {
                text,
                quoted: false,
            }) => Some(text),
            _ => None,
        }
    }

    /// term = identifier / "and" / "or" / "not" / "prox" / "sortby"
    fn word(&mut self, wanted: &str) -> Result<String, Diagnostic> {
        match self.tokens.get(self.next) {
            Some((_, Token::Word { text, .. })) => {
                self.next += 1;
                Ok(text.clone())
            }
            _ => Err(self.unexpected(wanted)),
        }
    }

    fn extra(&mut self) -> Result<(), Diagnostic> {
        self.extras += 1;
        if self.extras > MAX_EXTRAS {
            return Err(Diagnostic::new(
                Code::QueryFeatureUnsupported,
                format!("at most {MAX_EXTRAS} modifiers, prefixes and sort keys"),
            ));
        }
        Ok(())
    }

    /// prefixAssignment = ">" prefix "=" uri / ">" uri
    fn prefixes(&mut self) -> Result<Vec<Prefix>, Diagnostic> {
        let mut out = Vec::new();
        while self.takes(&Token::Sign(">")) {
            self.extra()?;
            let first = self.word("a prefix or the address of a context set")?;
            out.push(if self.takes(&Token::Sign("=")) {
                Prefix {
                    name: Some(first),
                    uri: self.word("the address of a context set")?,
                }
            } else {
                Prefix {
                    name: None,
                    uri: first,
                }
            });
        }
        Ok(out)
    }

    /// scopedClause = scopedClause booleanGroup searchClause / searchClause
    fn scoped_clause(&mut self, depth: usize) -> Result<Node, Diagnostic> {
        let mut node = self.search_clause(depth)?;
        while let Some(operator) = self.bare().and_then(Operator::named) {
            self.next += 1;
            self.booleans += 1;
            if self.booleans > MAX_BOOLEANS {
                return Err(Diagnostic::new(
                    Code::TooManyBooleans,
                    format!("at most {MAX_BOOLEANS}"),
                ));
            }
            let modifiers = self.modifiers()?;
            let right = self.search_clause(depth)?;
            node = Node::Boolean {
                operator,
                modifiers,
                left: Box::new(node),
                right: Box::new(right),
            };
        }
        Ok(node)
    }

    /// searchClause = "(" cqlQuery ")" / index relation searchTerm / searchTerm
    fn search_clause(&mut self, depth: usize) -> Result<Node, Diagnostic> {
        if self.takes(&Token::Open) {
            if depth >= MAX_DEPTH {
                return Err(Diagnostic::new(
                    Code::UnsupportedParentheses,
                    format!("at most {MAX_DEPTH} within each other"),
                ));
            }
            // cqlQuery = prefixAssignment cqlQuery / scopedClause
            let prefixes = self.prefixes()?;
            let node = self.scoped_clause(depth + 1)?;
            if !self.takes(&Token::Close) {
                return Err(self.unexpected("`)`"));
            }
            return Ok(if prefixes.is_empty() {
                node
            } else {
                Node::Scoped {
                    prefixes,
                    node: Box::new(node),
                }
            });
        }
        let first = self.word("a term, an index or `(`")?;
        let relation = match self.peek() {
            Some(Token::Sign(sign)) => (*sign).to_owned(),
            Some(Token::Word { text, quoted }) if *quoted || !super::is_reserved(text) => {
                text.clone()
            }
            _ => {
                return Ok(Node::Clause(Clause {
                    field: None,
                    term: first,
                }));
            }
        };
        self.next += 1;
        let modifiers = self.modifiers()?;
        let term = self.word("a term")?;
        Ok(Node::Clause(Clause {
            field: Some(Field {
                index: first,
                relation,
                modifiers,
            }),
            term,
        }))
    }

    /// modifier = "/" modifierName [comparitorSymbol modifierValue]
    fn modifiers(&mut self) -> Result<Vec<Modifier>, Diagnostic> {
        let mut out = Vec::new();
        while self.takes(&Token::Slash) {
            self.extra()?;
            let name = self.word("the name of a modifier")?;
            let value = match self.peek() {
                Some(Token::Sign(sign)) => {
                    let sign = (*sign).to_owned();
                    self.next += 1;
                    Some((sign, self.word("the value of a modifier")?))
                }
                _ => None,
            };
            out.push(Modifier { name, value });
        }
        Ok(out)
    }

    /// "sortby" sortSpec, sortSpec = 1*(index *modifier)
    fn sort(&mut self) -> Result<Vec<SortKey>, Diagnostic> {
        let mut out = Vec::new();
        if !self
            .bare()
            .is_some_and(|word| word.eq_ignore_ascii_case("sortby"))
        {
            return Ok(out);
        }
        self.next += 1;
        while out.is_empty() || matches!(self.peek(), Some(Token::Word { .. })) {
            self.extra()?;
            let index = self.word("an index to sort by")?;
            let modifiers = self.modifiers()?;
            out.push(SortKey { index, modifiers });
        }
        Ok(out)
    }
}
