//! Threads (RFC 5256 §3): by subject, or by who answers whom.

use std::collections::HashMap;

/// A message to be threaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Threadable {
    /// Its sequence number or UID.
    pub number: u32,
    /// When it was sent, or arrived if that isn't known; in milliseconds.
    pub sent_ms: i64,
    /// Its id without angle brackets; empty if it has none.
    pub id: String,
    /// Ids of what it answers, oldest first.
    pub references: Vec<String>,
    /// The base subject, in the case that comparing wants.
    pub subject: String,
    /// Whether the subject says that it is a reply or was forwarded.
    pub is_reply: bool,
}

/// A thread: a message (`None` for one that isn't here) and what answers it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Thread {
    /// Its number.
    pub number: Option<u32>,
    /// Answers, oldest first.
    pub children: Vec<Thread>,
}

/// Replies within replies that are kept as such; what lies deeper joins the last level.
const DEPTH_LIMIT: usize = 200;

/// RFC 5256 §3, ORDEREDSUBJECT.
pub fn ordered_subject(mut messages: Vec<Threadable>) -> Vec<Thread> {
    messages
        .sort_by(|a, b| (&a.subject, a.sent_ms, a.number).cmp(&(&b.subject, b.sent_ms, b.number)));
    let mut groups: Vec<(i64, u32, Thread)> = Vec::new();
    let mut subject: Option<String> = None;
    for message in messages {
        let leaf = Thread {
            number: Some(message.number),
            children: Vec::new(),
        };
        match groups.last_mut() {
            Some((_, _, thread)) if subject.as_deref() == Some(&message.subject) => {
                thread.children.push(leaf);
            }
            _ => groups.push((message.sent_ms, message.number, leaf)),
        }
        subject = Some(message.subject);
    }
    groups.sort_by_key(|(sent_ms, number, _)| (*sent_ms, *number));
    groups.into_iter().map(|(_, _, thread)| thread).collect()
}

#[derive(Debug, Default)]
struct Node {
    message: Option<usize>,
    parent: Option<usize>,
    children: Vec<usize>,
}

/// The containers of the algorithm, by id.
struct Forest<'m> {
    messages: &'m [Threadable],
    nodes: Vec<Node>,
}

/// RFC 5256 §3, REFERENCES.
pub fn references(messages: &[Threadable]) -> Vec<Thread> {
    let mut forest = Forest {
        messages,
        nodes: Vec::new(),
    };
    forest.link();
    let mut roots = forest.pruned_roots();
    forest.sort(&mut roots);
    forest.gather_subjects(&mut roots);
    forest.sort(&mut roots);
    roots.into_iter().map(|root| forest.thread(root)).collect()
}

impl Forest<'_> {
    fn new_node(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    /// Step 1: containers of all ids, linked by references.
    fn link(&mut self) {
        let messages = self.messages;
        let mut by_id: HashMap<&str, usize> = HashMap::new();
        let mut owners = Vec::with_capacity(messages.len());
        for (at, message) in messages.iter().enumerate() {
            let node = match by_id.get(message.id.as_str()) {
                // An id that another message has already, or none, counts as one of its own.
                Some(node) if self.message_of(*node).is_none() => *node,
                _ => {
                    let node = self.new_node();
                    if !message.id.is_empty() {
                        by_id.entry(&message.id).or_insert(node);
                    }
                    node
                }
            };
            if let Some(own) = self.nodes.get_mut(node) {
                own.message = Some(at);
            }
            owners.push(node);
        }
        for (message, own) in messages.iter().zip(owners) {
            let mut before: Option<usize> = None;
            for id in &message.references {
                let node = match by_id.get(id.as_str()) {
                    Some(node) => *node,
                    None => {
                        let node = self.new_node();
                        by_id.insert(id, node);
                        node
                    }
                };
                if let Some(parent) = before
                    && self.parent_of(node).is_none()
                {
                    self.adopt(parent, node);
                }
                before = Some(node);
            }
            // What a message says of itself counts more than what others say of it.
            match before {
                Some(parent) if parent != own => {
                    self.orphan(own);
                    self.adopt(parent, own);
                }
                Some(_) => {}
                None => self.orphan(own),
            }
        }
    }

    fn message_of(&self, node: usize) -> Option<usize> {
        self.nodes.get(node).and_then(|node| node.message)
    }

    fn parent_of(&self, node: usize) -> Option<usize> {
        self.nodes.get(node).and_then(|node| node.parent)
    }

    /// Whether a node is above another, or the same.
    fn is_above(&self, above: usize, mut node: usize) -> bool {
        loop {
            if node == above {
                return true;
            }
            match self.parent_of(node) {
                Some(parent) => node = parent,
                None => return false,
            }
        }
    }

    fn adopt(&mut self, parent: usize, child: usize) {
        if parent == child || self.is_above(child, parent) {
            return;
        }
        if let Some(node) = self.nodes.get_mut(child) {
            node.parent = Some(parent);
        }
    }

    fn orphan(&mut self, node: usize) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.parent = None;
        }
    }

    /// Steps 2 and 3: the roots, without containers that hold nothing.
    fn pruned_roots(&mut self) -> Vec<usize> {
        // Who has a message finds the nearest one above that has one; a root without a message stays if it joins several.
        let count = self.nodes.len();
        let mut roots = Vec::new();
        let mut tops: HashMap<usize, Vec<usize>> = HashMap::new();
        for node in 0..count {
            if self.message_of(node).is_none() {
                continue;
            }
            let mut top = node;
            let mut found = None;
            while let Some(parent) = self.parent_of(top) {
                if self.message_of(parent).is_some() {
                    found = Some(parent);
                    break;
                }
                top = parent;
            }
            match found {
                Some(parent) => {
                    if let Some(parent) = self.nodes.get_mut(parent) {
                        parent.children.push(node);
                    }
                }
                None if top == node => roots.push(node),
                None => tops.entry(top).or_default().push(node),
            }
        }
        for (top, children) in tops {
            match children.as_slice() {
                [only] => roots.push(*only),
                _ => {
                    if let Some(node) = self.nodes.get_mut(top) {
                        node.children = children;
                    }
                    roots.push(top);
                }
            }
        }
        roots
    }

    /// What a node is sorted by: its own time, or that of its first child.
    fn key(&self, node: usize) -> (i64, u32) {
        let first = match self.message_of(node) {
            Some(message) => Some(message),
            None => self
                .nodes
                .get(node)
                .and_then(|node| node.children.first())
                .and_then(|child| self.message_of(*child)),
        };
        first
            .and_then(|at| self.messages.get(at))
            .map_or((i64::MAX, u32::MAX), |message| {
                (message.sent_ms, message.number)
            })
    }

    /// Steps 4 and 6: siblings by time.
    fn sort(&mut self, roots: &mut [usize]) {
        for node in 0..self.nodes.len() {
            let mut children = match self.nodes.get_mut(node) {
                Some(node) => std::mem::take(&mut node.children),
                None => continue,
            };
            children.sort_by_key(|child| self.key(*child));
            if let Some(node) = self.nodes.get_mut(node) {
                node.children = children;
            }
        }
        roots.sort_by_key(|root| self.key(*root));
    }

    /// The message that gives a root its subject.
    fn face(&self, root: usize) -> Option<&Threadable> {
        let at = match self.message_of(root) {
            Some(at) => at,
            None => {
                let first = self.nodes.get(root)?.children.first()?;
                self.message_of(*first)?
            }
        };
        self.messages.get(at)
    }

    /// Step 5: roots with the same base subject are one thread.
    fn gather_subjects(&mut self, roots: &mut Vec<usize>) {
        let mut table: HashMap<String, usize> = HashMap::new();
        for root in roots.iter().copied() {
            let Some(face) = self.face(root) else {
                continue;
            };
            if face.subject.is_empty() {
                continue;
            }
            let (subject, is_reply) = (face.subject.clone(), face.is_reply);
            let empty = self.message_of(root).is_none();
            match table.get(&subject).copied() {
                None => {
                    table.insert(subject, root);
                }
                Some(old) => {
                    let old_empty = self.message_of(old).is_none();
                    let old_reply = self.face(old).is_some_and(|face| face.is_reply);
                    if !old_empty && (empty || (old_reply && !is_reply)) {
                        table.insert(subject, root);
                    }
                }
            }
        }
        let mut kept = Vec::with_capacity(roots.len());
        for root in std::mem::take(roots) {
            let at = self.face(root).and_then(|face| {
                (!face.subject.is_empty()).then(|| table.get(&face.subject).copied())?
            });
            match at {
                Some(head) if head != root => {
                    if let Some(made) = self.join(head, root) {
                        // A new empty head stands for both.
                        for place in &mut kept {
                            if *place == head {
                                *place = made;
                            }
                        }
                        for value in table.values_mut() {
                            if *value == head {
                                *value = made;
                            }
                        }
                        if !kept.contains(&made) {
                            kept.push(made);
                        }
                    }
                }
                Some(head) if kept.contains(&head) => {}
                _ => kept.push(root),
            }
        }
        *roots = kept;
    }

    /// Puts `root` into the thread `head`; gives the new head if one had to be made.
    fn join(&mut self, head: usize, root: usize) -> Option<usize> {
        let (head_empty, root_empty) = (
            self.message_of(head).is_none(),
            self.message_of(root).is_none(),
        );
        let root_reply = self.face(root).is_some_and(|face| face.is_reply);
        let head_reply = self.face(head).is_some_and(|face| face.is_reply);
        if head_empty {
            let children = match self.nodes.get_mut(root) {
                Some(node) if root_empty => std::mem::take(&mut node.children),
                _ => vec![root],
            };
            if let Some(node) = self.nodes.get_mut(head) {
                node.children.extend(children);
            }
            return None;
        }
        if root_reply && !head_reply {
            if let Some(node) = self.nodes.get_mut(head) {
                node.children.push(root);
            }
            return None;
        }
        let made = self.new_node();
        if let Some(node) = self.nodes.get_mut(made) {
            node.children = vec![head, root];
        }
        Some(made)
    }

    /// A node with what is below it, without recursion that a sender decides the depth of.
    fn thread(&self, root: usize) -> Thread {
        self.thread_at(root, 0)
    }

    fn thread_at(&self, node: usize, depth: usize) -> Thread {
        let Some(own) = self.nodes.get(node) else {
            return Thread::default();
        };
        let mut children = Vec::new();
        for child in &own.children {
            if depth < DEPTH_LIMIT {
                children.push(self.thread_at(*child, depth + 1));
            } else {
                self.flat(*child, &mut children);
            }
        }
        Thread {
            number: own
                .message
                .and_then(|at| self.messages.get(at))
                .map(|message| message.number),
            children,
        }
    }

    /// All below a node, one beside the other.
    fn flat(&self, node: usize, out: &mut Vec<Thread>) {
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            let Some(own) = self.nodes.get(node) else {
                continue;
            };
            if let Some(message) = own.message.and_then(|at| self.messages.get(at)) {
                out.push(Thread {
                    number: Some(message.number),
                    children: Vec::new(),
                });
            }
            waiting.extend(own.children.iter().rev());
        }
    }
}

/// `(2)(3 6 (4 23)(44 7 96))` (RFC 5256 §4)
pub fn write(threads: &[Thread], out: &mut Vec<u8>) {
    for thread in threads {
        out.push(b'(');
        members(thread, out);
        out.push(b')');
    }
}

fn members(thread: &Thread, out: &mut Vec<u8>) {
    let mut at = thread;
    let mut first = true;
    loop {
        if let Some(number) = at.number {
            if !first {
                out.push(b' ');
            }
            crate::put!(out, "{number}");
            first = false;
        }
        match at.children.as_slice() {
            [] => return,
            [only] => at = only,
            several => {
                if !first {
                    out.push(b' ');
                }
                write(several, out);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(
        number: u32,
        id: &str,
        references: &[&str],
        subject: &str,
        is_reply: bool,
    ) -> Threadable {
        Threadable {
            number,
            sent_ms: i64::from(number),
            id: id.into(),
            references: references.iter().map(|id| (*id).to_string()).collect(),
            subject: subject.into(),
            is_reply,
        }
    }

    fn text(threads: &[Thread]) -> String {
        let mut out = Vec::new();
        write(threads, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn replies_hang_below_what_they_answer() {
        let all = [
            message(1, "a", &[], "tea", false),
            message(2, "b", &["a"], "tea", true),
            message(3, "c", &["a", "b"], "tea", true),
            message(4, "d", &["a"], "tea", true),
            message(5, "e", &[], "other", false),
        ];
        assert_eq!(text(&references(&all)), "(1 (2 3)(4))(5)");
    }

    #[test]
    fn what_isnt_here_joins_what_answers_it() {
        let all = [
            message(1, "x", &["gone"], "tea", true),
            message(2, "y", &["gone"], "tea", true),
            message(3, "z", &["lost"], "cups", true),
        ];
        assert_eq!(text(&references(&all)), "((1)(2))(3)");
    }

    #[test]
    fn subjects_join_roots() {
        let all = [
            message(1, "a", &[], "tea", false),
            message(2, "b", &[], "tea", true),
            message(3, "c", &[], "tea", false),
        ];
        assert_eq!(text(&references(&all)), "((1 2)(3))");
        assert_eq!(text(&ordered_subject(all.to_vec())), "(1 (2)(3))");
    }

    #[test]
    fn a_parent_that_would_make_a_circle_leaves_none() {
        // Step 1B breaks the link that others made before it looks whether the new one may be.
        let all = [
            message(1, "a", &[], "", false),
            message(2, "b", &["a", "c"], "", false),
            message(3, "c", &["b"], "", false),
        ];
        assert_eq!(text(&references(&all)), "(1)(3 2)");
    }

    #[test]
    fn circles_and_depth_do_no_harm() {
        let all = [
            message(1, "a", &["b"], "p", false),
            message(2, "b", &["a"], "q", false),
            message(3, "a", &["a"], "r", false),
        ];
        let made = text(&references(&all));
        for number in ["1", "2", "3"] {
            assert_eq!(made.matches(number).count(), 1, "{made}");
        }
        let ids: Vec<String> = (0..5_000).map(|n| format!("i{n}")).collect();
        let deep: Vec<Threadable> = (0..5_000u32)
            .map(|n| {
                let before = n.checked_sub(1).map(|n| ids[n as usize].as_str());
                message(n + 1, &ids[n as usize], before.as_slice(), "s", true)
            })
            .collect();
        let made = text(&references(&deep));
        assert_eq!(
            made.split([' ', '(', ')'])
                .filter(|n| !n.is_empty())
                .count(),
            5_000
        );
    }
}
