"""What is the API's: payloads, replies, headers, prices, the official SDK."""
