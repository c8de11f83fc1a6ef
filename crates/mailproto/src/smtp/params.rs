//! Parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), RET, ENVID, NOTIFY and ORCPT
//! (RFC 3461), AUTH (RFC 4954 §5).

use super::address::{self, Address};

/// The longest ENVID, in characters (RFC 3461 §4.4).
pub const ENVID_LIMIT: usize = 100;
/// The longest ORCPT, in characters (RFC 3461 §4.2).
pub const ORCPT_LIMIT: usize = 500;

/// Why a MAIL or RCPT can't be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterFault {
    /// Not of the form `MAIL FROM:<…>` or `RCPT TO:<…>`, or the path is bad.
    Path,
    /// A parameter that is not known here.
    Unknown(String),
    /// A known parameter with a value that makes no sense, or twice.
    Bad(&'static str),
    /// A path in another script without SMTPUTF8.
    NeedsUtf8,
}

/// What a report of failure brings back (RFC 3461 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Return {
    /// The header alone.
    #[default]
    Headers,
    /// The message whole.
    Full,
}

/// When the sender wants to hear of a recipient (RFC 3461 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notify {
    /// Delivered.
    pub success: bool,
    /// Not deliverable.
    pub failure: bool,
    /// Delayed.
    pub delay: bool,
}

impl Notify {
    /// What holds where nothing is said.
    pub const DEFAULT: Self = Self {
        success: false,
        failure: true,
        delay: true,
    };
    /// `NEVER`.
    pub const NEVER: Self = Self {
        success: false,
        failure: false,
        delay: false,
    };

    /// `1` success, `2` failure, `4` delay: to keep it.
    pub fn bits(self) -> i64 {
        i64::from(self.success) | i64::from(self.failure) << 1 | i64::from(self.delay) << 2
    }

    /// The reverse of [`Notify::bits`].
    pub fn from_bits(bits: i64) -> Self {
        Self {
            success: bits & 1 != 0,
            failure: bits & 2 != 0,
            delay: bits & 4 != 0,
        }
    }

    /// The parameter's value.
    pub fn to_text(self) -> String {
        let words: Vec<&str> = [
            (self.success, "SUCCESS"),
            (self.failure, "FAILURE"),
            (self.delay, "DELAY"),
        ]
        .into_iter()
        .filter_map(|(on, word)| on.then_some(word))
        .collect();
        if words.is_empty() {
            "NEVER".into()
        } else {
            words.join(",")
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("NEVER") {
            return Some(Self::NEVER);
        }
        let mut notify = Self::NEVER;
        for word in text.split(',') {
            match word.to_ascii_uppercase().as_str() {
                "SUCCESS" => notify.success = true,
                "FAILURE" => notify.failure = true,
                "DELAY" => notify.delay = true,
                _ => return None,
            }
        }
        Some(notify)
    }
}

/// `ORCPT`: the recipient as the sender wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginalRecipient {
    /// `rfc822` or `utf-8`.
    pub kind: String,
    /// The address, decoded.
    pub address: String,
}

/// MAIL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailFrom {
    /// Who gets reports; `None` is the null path.
    pub from: Option<Address>,
    /// How large the client says that the message is.
    pub size: Option<u64>,
    /// BODY=8BITMIME.
    pub eight_bit: bool,
    /// SMTPUTF8.
    pub utf8: bool,
    /// RET.
    pub ret: Option<Return>,
    /// ENVID, decoded.
    pub envelope_id: Option<String>,
}

/// RCPT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RcptTo {
    /// Who gets the message.
    pub to: Address,
    /// NOTIFY; `None` means the default.
    pub notify: Option<Notify>,
    /// ORCPT.
    pub original: Option<OriginalRecipient>,
}

impl MailFrom {
    /// Reads what follows `MAIL `.
    ///
    /// # Errors
    /// [`ParameterFault`].
    pub fn parse(text: &str) -> Result<Self, ParameterFault> {
        let (path, rest) = path_after(text, "FROM:")?;
        let mut mail = Self {
            from: path,
            ..Self::default()
        };
        let mut seen = Vec::new();
        for (name, value) in parameters(rest)? {
            once(&mut seen, &name)?;
            mail.take(&name, value)?;
        }
        match &mail.from {
            Some(from) if !mail.utf8 && !from.is_ascii() => Err(ParameterFault::NeedsUtf8),
            _ => Ok(mail),
        }
    }

    fn take(&mut self, name: &str, value: Option<&str>) -> Result<(), ParameterFault> {
        match (name, value) {
            ("SIZE", Some(value)) if is_number(value) => {
                // More digits than fit are more than any limit.
                self.size = Some(value.parse().unwrap_or(u64::MAX));
            }
            ("SIZE", _) => return Err(ParameterFault::Bad("SIZE")),
            ("BODY", Some(value)) if value.eq_ignore_ascii_case("7BIT") => {}
            ("BODY", Some(value)) if value.eq_ignore_ascii_case("8BITMIME") => {
                self.eight_bit = true
            }
            ("BODY", _) => return Err(ParameterFault::Bad("BODY")),
            ("SMTPUTF8", None) => self.utf8 = true,
            ("SMTPUTF8", _) => return Err(ParameterFault::Bad("SMTPUTF8")),
            ("RET", Some(value)) if value.eq_ignore_ascii_case("FULL") => {
                self.ret = Some(Return::Full)
            }
            ("RET", Some(value)) if value.eq_ignore_ascii_case("HDRS") => {
                self.ret = Some(Return::Headers)
            }
            ("RET", _) => return Err(ParameterFault::Bad("RET")),
            ("ENVID", Some(value)) if value.len() <= ENVID_LIMIT => {
                let id = xtext(value).filter(|id| id.bytes().all(|b| (b' '..=b'~').contains(&b)));
                self.envelope_id = Some(id.ok_or(ParameterFault::Bad("ENVID"))?);
            }
            ("ENVID", _) => return Err(ParameterFault::Bad("ENVID")),
            // RFC 4954 §5: to be understood; nothing depends on it here.
            ("AUTH", Some(value)) if xtext(value).is_some() => {}
            ("AUTH", _) => return Err(ParameterFault::Bad("AUTH")),
            _ => return Err(ParameterFault::Unknown(name.into())),
        }
        Ok(())
    }
}

impl RcptTo {
    /// Reads what follows `RCPT `. `utf8` is whether the message's MAIL said SMTPUTF8.
    ///
    /// # Errors
    /// [`ParameterFault`].
    pub fn parse(text: &str, utf8: bool) -> Result<Self, ParameterFault> {
        let (path, rest) = path_after(text, "TO:")?;
        let mut rcpt = Self {
            to: path.ok_or(ParameterFault::Path)?,
            notify: None,
            original: None,
        };
        let mut seen = Vec::new();
        for (name, value) in parameters(rest)? {
            once(&mut seen, &name)?;
            match (name.as_str(), value) {
                ("NOTIFY", value) => {
                    let notify = value.and_then(Notify::parse);
                    rcpt.notify = Some(notify.ok_or(ParameterFault::Bad("NOTIFY"))?);
                }
                ("ORCPT", value) => {
                    let original = value.and_then(|value| original(value, utf8));
                    rcpt.original = Some(original.ok_or(ParameterFault::Bad("ORCPT"))?);
                }
                _ => return Err(ParameterFault::Unknown(name)),
            }
        }
        if !utf8 && !rcpt.to.is_ascii() {
            return Err(ParameterFault::NeedsUtf8);
        }
        Ok(rcpt)
    }
}

fn path_after<'a>(text: &'a str, word: &str) -> Result<(Option<Address>, &'a str), ParameterFault> {
    let (given, rest) = text
        .split_at_checked(word.len())
        .ok_or(ParameterFault::Path)?;
    if !given.eq_ignore_ascii_case(word) {
        return Err(ParameterFault::Path);
    }
    // Many clients write a blank here, though RFC 5321 §3.3 says not to.
    address::path(rest.trim_start_matches(' ')).map_err(|_| ParameterFault::Path)
}

/// `Mail-parameters`: names in upper case.
fn parameters(text: &str) -> Result<Vec<(String, Option<&str>)>, ParameterFault> {
    if !text.is_empty() && !text.starts_with(' ') {
        return Err(ParameterFault::Path);
    }
    let mut all = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let fits = name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && value.is_none_or(|value| !value.is_empty() && !value.chars().any(char::is_control));
        if !fits {
            return Err(ParameterFault::Unknown(shown(name)));
        }
        all.push((name.to_ascii_uppercase(), value));
    }
    Ok(all)
}

fn once(seen: &mut Vec<String>, name: &str) -> Result<(), ParameterFault> {
    if seen.iter().any(|one| one == name) {
        return Err(ParameterFault::Bad("a parameter that comes twice"));
    }
    seen.push(name.into());
    Ok(())
}

fn shown(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_graphic)
        .take(30)
        .collect()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit())
}

fn original(value: &str, utf8: bool) -> Option<OriginalRecipient> {
    let (kind, address) = value.split_once(';')?;
    if value.len() > ORCPT_LIMIT || kind.is_empty() || address.is_empty() {
        return None;
    }
    let kind = kind.to_ascii_lowercase();
    let address = match kind.as_str() {
        "rfc822" => xtext(address).filter(|text| text.is_ascii())?,
        "utf-8" => utf8_address(address, utf8)?,
        _ => return None,
    };
    (!address.chars().any(char::is_control)).then_some(OriginalRecipient { kind, address })
}

/// `xtext` (RFC 3461 §4): `+41` is `A`.
pub(crate) fn xtext(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => {
                let digit = |byte: Option<u8>| match byte? {
                    byte @ b'0'..=b'9' => Some(byte - b'0'),
                    byte @ b'A'..=b'F' => Some(byte - b'A' + 10),
                    _ => None,
                };
                out.push(digit(rest.next())? << 4 | digit(rest.next())?);
            }
            b'=' => return None,
            b'!'..=b'~' => out.push(byte),
            _ => return None,
        }
    }
    String::from_utf8(out).ok()
}

/// The reverse of [`xtext`].
pub(crate) fn to_xtext(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'+' | b'=' => out.push_str(&format!("+{byte:02X}")),
            b'!'..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("+{byte:02X}")),
        }
    }
    out
}

/// `utf-8-addr-xtext` and `utf-8-addr-unitext` (RFC 6533 §3): `\x{1F3EE}`.
fn utf8_address(text: &str, utf8: bool) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x{") {
        out.push_str(before);
        let (code, tail) = after.split_once('}')?;
        if code.len() > 6 {
            return None;
        }
        out.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
        rest = tail;
    }
    if rest.contains('\\') || (!utf8 && !text.is_ascii()) {
        return None;
    }
    out.push_str(rest);
    Some(out)
}

/// Text of an address of RFC 6533 in ASCII.
pub(crate) fn to_utf8_xtext(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\\' | '+' | '=' => format!("\\x{{{:02X}}}", u32::from(c)),
            c if c.is_ascii_graphic() => c.to_string(),
            c => format!("\\x{{{:X}}}", u32::from(c)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parameters_of_mail_are_read() {
        let mail = MailFrom::parse(
            "FROM:<a@b.c> SIZE=1024 body=8bitmime SMTPUTF8 RET=HDRS ENVID=QQ+2B314 AUTH=e+3Dmc2@x.y",
        )
        .unwrap();
        assert_eq!(mail.from.as_ref().unwrap().to_string(), "a@b.c");
        assert_eq!(
            (mail.size, mail.eight_bit, mail.utf8),
            (Some(1024), true, true)
        );
        assert_eq!(
            (mail.ret, mail.envelope_id.as_deref()),
            (Some(Return::Headers), Some("QQ+314"))
        );
        assert_eq!(MailFrom::parse("from: <>").unwrap(), MailFrom::default());
        assert_eq!(
            MailFrom::parse("FROM:<> SIZE=99999999999999999999")
                .unwrap()
                .size,
            Some(u64::MAX)
        );
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        use ParameterFault::{Bad, NeedsUtf8, Path, Unknown};
        let bad = [
            ("FROM:a@b", Path),
            ("TO:<a@b>", Path),
            ("FROM:<a@b>SIZE=1", Path),
            ("FROM:<a@b> SIZE=x", Bad("SIZE")),
            ("FROM:<a@b> SIZE", Bad("SIZE")),
            ("FROM:<a@b> BODY=BINARYMIME", Bad("BODY")),
            ("FROM:<a@b> RET=ALL", Bad("RET")),
            ("FROM:<a@b> ENVID=+1", Bad("ENVID")),
            ("FROM:<a@b> ENVID=a+0D+0Ab", Bad("ENVID")),
            ("FROM:<a@b> SMTPUTF8=x", Bad("SMTPUTF8")),
            (
                "FROM:<a@b> SIZE=1 SIZE=2",
                Bad("a parameter that comes twice"),
            ),
            ("FROM:<a@b> X-UP=1", Unknown("X-UP".into())),
            ("FROM:<미라@b>", NeedsUtf8),
        ];
        for (text, fault) in bad {
            assert_eq!(MailFrom::parse(text), Err(fault), "{text}");
        }
        assert!(MailFrom::parse("FROM:<미라@b> SMTPUTF8").is_ok());
    }

    #[test]
    fn all_parameters_of_rcpt_are_read() {
        let rcpt = RcptTo::parse(
            "TO:<a@b> NOTIFY=SUCCESS,delay ORCPT=rfc822;Bob+2Bx@Bar.com",
            false,
        )
        .unwrap();
        let notify = rcpt.notify.unwrap();
        assert_eq!(notify.to_text(), "SUCCESS,DELAY");
        assert_eq!(Notify::from_bits(notify.bits()), notify);
        assert_eq!(rcpt.original.unwrap().address, "Bob+x@Bar.com");
        let global = RcptTo::parse("TO:<미라@b> ORCPT=utf-8;\\x{BBF8}\\x{B77C}@b", true).unwrap();
        assert_eq!(global.original.unwrap().address, "미라@b");
        assert_eq!(
            RcptTo::parse("TO:<a@b> NOTIFY=NEVER", false)
                .unwrap()
                .notify,
            Some(Notify::NEVER)
        );
        for bad in [
            "TO:<>",
            "TO:<a@b> NOTIFY=NEVER,DELAY",
            "TO:<a@b> ORCPT=a@b",
            "TO:<a@b> NOTIFY",
            "TO:<a@b> SIZE=1",
        ] {
            assert!(RcptTo::parse(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn xtext_goes_both_ways() {
        for text in ["plain", "a+b=c d", "미라"] {
            assert_eq!(xtext(&to_xtext(text)).as_deref(), Some(text));
            assert_eq!(
                utf8_address(&to_utf8_xtext(text), false).as_deref(),
                Some(text)
            );
        }
        assert_eq!(xtext("+4a"), None, "digits are in upper case");
    }
}
