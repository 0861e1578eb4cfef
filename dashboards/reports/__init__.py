"""Reports: facts to pages that are printed, mailed and forwarded, as HTML and as PDF."""
