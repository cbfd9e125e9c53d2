"""Any callable, and endpoints over HTTP."""
