"""The service's operations and what runs behind them."""
