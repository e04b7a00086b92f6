"""What is shipped is made of: licences, the bill of materials, builds that give the same bytes."""
