"""The learnt component: which words of a case summary stand in a statement of diagnoses."""
