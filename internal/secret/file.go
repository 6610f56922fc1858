package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Config says where the keys come from.
type Config struct {
	File        string // key file, which is made at first use
	Environment string // content of an environment variable that holds the keys; if it is set, the file is not looked at
}

// Load returns the keyring from the environment or from the key file. A key file
// that does not exist is made with a new key, for the owner alone to read. A file or
// text that holds no key is an error.
func Load(config Config) (*Keyring, error) {
	if config.Environment != "" {
		keyring, err := Parse(config.Environment)
		if err != nil {
			return nil, fmt.Errorf("read the key from the environment: %w", err)
		}
		return keyring, nil
	}
	if config.File == "" {
		return nil, errors.New("there is no key: name a key file, or give the key in the environment")
	}
	keyring, err := read(config.File)
	if !errors.Is(err, fs.ErrNotExist) {
		return keyring, err
	}
	if keyring, err = Create(); err != nil {
		return nil, err
	}
	switch err := keyring.create(config.File); {
	case errors.Is(err, fs.ErrExist):
		// Somebody else made it in the meantime; that one counts.
		return read(config.File)
	case err != nil:
		return nil, err
	}
	return keyring, nil
}

func read(file string) (*Keyring, error) {
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	keyring, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("read the key file %s: %w", file, err)
	}
	return keyring, nil
}

// Save writes the keyring to a file, for the owner alone to read, and replaces one
// that is there, at once or not at all.
func (k *Keyring) Save(file string) error {
	return k.write(file, os.Rename)
}

// create is like Save for a file that must not exist: fs.ErrExist if it does.
func (k *Keyring) create(file string) error {
	return k.write(file, os.Link)
}

// write writes a temporary file beside the file and puts it in its place.
func (k *Keyring) write(file string, place func(from, to string) error) (err error) {
	text, err := k.Text()
	if err != nil {
		return err
	}
	folder := filepath.Dir(file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make the folder of the key file: %w", err)
	}
	temporary, err := os.CreateTemp(folder, ".key-*") // for the owner alone
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	defer func() {
		if remove := os.Remove(temporary.Name()); remove != nil && !errors.Is(remove, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("write the key file: %w", remove))
		}
	}()
	_, err = temporary.WriteString(text.Reveal() + "\n")
	if err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = place(temporary.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	return nil
}
