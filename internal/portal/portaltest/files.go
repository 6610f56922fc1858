package portaltest

import (
	"github.com/usher-id/usher/internal/administration"
	"github.com/usher-id/usher/internal/store"
	"github.com/usher-id/usher/source"
	"github.com/usher-id/usher/source/csv"
)

// OpenFiles returns what opens the files that people upload, as the command does.
func OpenFiles(service *administration.Service) func(uploaded []store.UploadedFile, whole bool) (source.Source, error) {
	return func(uploaded []store.UploadedFile, whole bool) (source.Source, error) {
		config := csv.Config{Contents: map[string][]byte{}, Applications: service.DirectoryNames()}
		if !whole {
			config.Directory = service.DirectoryNames()
		}
		for _, file := range uploaded {
			config.Contents[file.Name] = file.Content
			config.Files = config.Files.With(file.Field, file.Name)
		}
		return csv.Open(config)
	}
}
