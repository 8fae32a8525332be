"""Background runs: `api` is what pages, services and the command line call; everything else happens in workers."""
