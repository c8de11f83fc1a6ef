//! Chance that can be had again by its seed.

/// A stream of numbers that looks like chance (SplitMix64).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit.max(1)
    }

    /// A made-up word of two or three syllables.
    pub fn word(&mut self) -> String {
        const SOUNDS: [&str; 16] = [
            "ka", "lo", "mi", "ru", "se", "ta", "vo", "ni", "pe", "dra", "gol", "hin", "jam",
            "bes", "zu", "fen",
        ];
        let count = 2 + self.below(2);
        (0..count)
            .map(|_| SOUNDS[usize::try_from(self.below(16)).unwrap_or(0)])
            .collect()
    }

    /// A text of made-up words.
    pub fn text(&mut self, words: usize) -> String {
        (0..words)
            .map(|_| self.word())
            .collect::<Vec<_>>()
            .join(" ")
    }
}
