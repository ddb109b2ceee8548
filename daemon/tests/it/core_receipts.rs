//! Receipts at the real CLIs.
