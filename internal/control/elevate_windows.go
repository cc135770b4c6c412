package control

// elevate is how a user gets the rights for a service of the system.
const elevate = "run it as administrator"
