"""What is said: the contract as types. Pure; imports nothing of ours."""
