// Command generate writes the sample company as CSV files, of any size.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/usher-id/usher/examples/contoso"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run writes the company that the arguments ask for.
func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	users := flags.Int("users", 1000, "number of users")
	seed := flags.Uint64("seed", 1, "another seed gives other people")
	out := flags.String("out", "", "folder to write to (required)")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read the arguments: %w", err)
	}
	if *out == "" {
		return errors.New("say with --out which folder to write to")
	}
	if *users < contoso.MinUsers {
		return fmt.Errorf("--users %d: the smallest company has %d users", *users, contoso.MinUsers)
	}
	return contoso.Generate(contoso.Options{Users: *users, Seed: *seed}).Write(*out)
}
