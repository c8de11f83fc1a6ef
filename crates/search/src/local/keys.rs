//! A set of keys that may answer "perhaps" wrongly, in a few bits a key.
//!
//! During an import, a key that was surely not met before needs no delete: deleting a term costs a look
//! into every segment.

/// Bits for each key: about 1 in 100 keys is taken for known although it is not.
const BITS_PER_KEY: usize = 10;
/// Bits set for each key.
const PROBES: u64 = 6;
/// Keys of the first layer; every further one is twice as large.
const FIRST_LAYER_KEYS: usize = 1 << 16;

/// A Bloom filter that grows in layers.
pub(crate) struct KeySet {
    layers: Vec<Layer>,
}

struct Layer {
    bits: Vec<u64>,
    room: usize,
}

impl KeySet {
    pub(crate) fn new() -> KeySet {
        KeySet { layers: Vec::new() }
    }

    /// Adds a key by its hash; answers whether it was perhaps there.
    pub(crate) fn insert(&mut self, hash: u64) -> bool {
        if self.layers.iter().any(|layer| layer.contains(hash)) {
            return true;
        }
        if self.layers.last().is_none_or(|layer| layer.room == 0) {
            let keys = FIRST_LAYER_KEYS << self.layers.len().min(12);
            self.layers.push(Layer {
                bits: vec![0; keys * BITS_PER_KEY / 64],
                room: keys,
            });
        }
        if let Some(layer) = self.layers.last_mut() {
            layer.insert(hash);
        }
        false
    }
}

impl Layer {
    fn contains(&self, hash: u64) -> bool {
        self.places(hash)
            .all(|(word, bit)| self.bits.get(word).is_some_and(|bits| bits & bit != 0))
    }

    fn insert(&mut self, hash: u64) {
        let places: Vec<(usize, u64)> = self.places(hash).collect();
        for (word, bit) in places {
            if let Some(bits) = self.bits.get_mut(word) {
                *bits |= bit;
            }
        }
        self.room -= 1;
    }

    fn places(&self, hash: u64) -> impl Iterator<Item = (usize, u64)> + use<> {
        let size = (self.bits.len() * 64) as u64;
        // Two halves of one hash make all probes (Kirsch and Mitzenmacher).
        let step = (hash >> 32) | 1;
        (0..PROBES).map(move |n| {
            let bit = hash.wrapping_add(n.wrapping_mul(step)) % size;
            ((bit / 64) as usize, 1 << (bit % 64))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::schema::fnv1a;

    #[test]
    fn knows_all_it_met_and_little_else() {
        let mut keys = KeySet::new();
        let hash = |n: u32| fnv1a(format!("A/Article_{n}").as_bytes());
        let wrong = (0..200_000).filter(|n| keys.insert(hash(*n))).count();
        assert!(wrong < 6_000, "{wrong}");
        assert!((0..200_000).all(|n| keys.insert(hash(n))));
    }
}
