"""What shows only when all documents are seen together: furniture, twins, leaks."""
