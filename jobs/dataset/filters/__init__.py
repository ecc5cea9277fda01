"""What is found wrong with questions and answers without asking a model."""
