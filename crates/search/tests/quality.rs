//! Retrieval quality must not fall.

#[path = "../examples/retrieval.rs"]
mod retrieval;

/// Every so many questions are asked: the scores differ from those of all questions by a little.
const STEP: usize = 8;
/// How far a sample may fall below the goal.
const SLACK: f64 = 0.02;

#[test]
fn questions_in_four_languages_find_their_paragraph() -> Result<(), Box<dyn std::error::Error>> {
    if !retrieval::data().exists() {
        println!("skipped: ../shared/data is absent");
        return Ok(());
    }
    for (file, language, goal) in retrieval::SETS {
        let quality = retrieval::questions(&retrieval::data().join(file), language, STEP)?;
        assert!(quality.score >= goal - SLACK, "{file}: {quality:?}");
        assert!(quality.empty <= 0.01, "{file}: {quality:?}");
    }
    Ok(())
}

#[test]
fn cranfield_is_ranked_well() -> Result<(), Box<dyn std::error::Error>> {
    if !retrieval::data().exists() {
        println!("skipped: ../shared/data is absent");
        return Ok(());
    }
    let quality = retrieval::cranfield(&retrieval::data())?;
    assert!(quality.score >= 0.38, "{quality:?}");
    assert!(quality.empty <= 0.01, "{quality:?}");
    Ok(())
}
