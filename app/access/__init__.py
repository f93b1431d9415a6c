"""Access: who acts, which keys open what (permissions.py), and whose rows are seen (scope.py)."""
