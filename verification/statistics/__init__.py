"""Statistics of equivalence: TOST and its power, bounds on rates, the law and independence of random draws.

numpy and scipy only. `tost` holds the tests, `power` the sizes they need, `rates` the bounds that counts support,
`laws` the check of a candidate's own random draws.
"""
