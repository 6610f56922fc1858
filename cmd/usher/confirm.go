package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// confirm asks whether to go ahead with what cannot be undone, unless yes says so
// already. Without an answer, as in a script, nothing is done.
func confirm(command *cobra.Command, yes bool, question string) error {
	if yes {
		return nil
	}
	if _, err := fmt.Fprintf(command.ErrOrStderr(), "%s [y/N] ", question); err != nil {
		return fmt.Errorf("ask for a confirmation: %w", err)
	}
	answer, err := bufio.NewReader(command.InOrStdin()).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return &exitError{exitUsage, errors.New("not confirmed, nothing was changed; --yes confirms beforehand")}
}
