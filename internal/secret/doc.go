// Package secret seals what must not be readable where it is kept: the credentials
// of jobs in the database. It holds the keys for that, which come from a file or
// from the environment.
//
// It keeps no secrets itself, and it does not protect the keys: who can read the key
// file and the database can read the credentials.
package secret
