package launch

// LookupUser always fails: Windows names accounts otherwise.
func LookupUser(string) (User, error) { return User{}, unsupported("looking up a user by /etc/passwd") }

// LookupGroup always fails: Windows names accounts otherwise.
func LookupGroup(string) (int, error) { return 0, unsupported("looking up a group by /etc/group") }

func unsupported(what string) error { return planError(what + " isn't supported on Windows") }
