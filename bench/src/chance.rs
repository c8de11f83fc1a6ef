//! Seeded chance: the same seed gives the same documents and queries on every machine.

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast and the same everywhere.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `n` (0 if `n` is 0).
    pub fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }

    /// 0 to 1, without 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A rank below `n` after Zipf's law with exponent 1: the logarithm of the rank is even.
    pub fn zipf(&mut self, n: usize) -> usize {
        ((n as f64 + 1.0).powf(self.unit()) as usize)
            .saturating_sub(1)
            .min(n.saturating_sub(1))
    }

    /// One of these, if there are any.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }

    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at + 1));
        }
    }
}

/// SplitMix64's last step: spreads the bits of a number.
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_after_zipf_is_as_likely_as_its_inverse() {
        let mut chance = Chance::new(7);
        let mut counts = vec![0_u32; 1000];
        for _ in 0..200_000 {
            counts[chance.zipf(1000)] += 1;
        }
        let ratio = f64::from(counts[0]) / f64::from(counts[9]);
        // ln(2/1) / ln(11/10): what the continuous form gives for the first and tenth rank.
        assert!((ratio - 7.27).abs() < 0.7, "{ratio}");
        assert!(counts[999] > 0);
    }

    #[test]
    fn the_same_seed_gives_the_same() {
        let take = |seed| {
            let mut chance = Chance::new(seed);
            (0..9).map(|_| chance.next()).collect::<Vec<_>>()
        };
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
    }
}
