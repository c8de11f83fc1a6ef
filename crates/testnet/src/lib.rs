//! lampion-testnet
