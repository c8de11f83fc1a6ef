//! The search index follows the feed.
