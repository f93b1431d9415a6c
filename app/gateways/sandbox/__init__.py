"""The sandbox server: bKash, Nagad and SSLCommerz on this machine, with their checks, a page to pay in, and every fault on demand."""
