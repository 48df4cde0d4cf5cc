"""Words and small tools without product knowledge: clock, ids, errors, paging."""
