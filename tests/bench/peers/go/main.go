// Sends pushes to the sink of the benches by the libraries that senders in Go have: apns2, which gorush sends to
// APNs by, and Google's generated client of FCM. It ends with an error unless each push was taken.
//
//	sender fcm|apns FOLDER PUSHES
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sideshow/apns2"
	"github.com/sideshow/apns2/payload"
	"github.com/sideshow/apns2/token"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	fcm "google.golang.org/api/fcm/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
)

const (
	scope = "https://www.googleapis.com/auth/firebase.messaging"
	// As many pushes are on their way at a time as those of the server.
	workers = 400
	title   = "New notification"
	body    = "Open the app to read it."
)

// What a push carries beside its texts: as long as a sealed envelope.
var sealed = strings.Repeat("A", 771)

type place struct {
	CA  string `json:"ca_certificate"`
	FCM struct {
		BaseURL        string          `json:"base_url"`
		ProjectID      string          `json:"project_id"`
		ServiceAccount json.RawMessage `json:"service_account"`
	} `json:"fcm"`
	APNs struct {
		BaseURL string `json:"base_url"`
		TeamID  string `json:"team_id"`
		KeyID   string `json:"key_id"`
		Topic   string `json:"topic"`
		Key     string `json:"key"`
	} `json:"apns"`
}

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 4 {
		return errors.New("usage: sender fcm|apns FOLDER PUSHES")
	}
	text, err := os.ReadFile(filepath.Join(arguments[2], "sink.json"))
	if err != nil {
		return err
	}
	sink := place{}
	if err := json.Unmarshal(text, &sink); err != nil {
		return err
	}
	pushes, err := strconv.Atoi(arguments[3])
	if err != nil {
		return err
	}
	var push func(int) error
	switch arguments[1] {
	case "fcm":
		push, err = sink.fcm()
	case "apns":
		push, err = sink.apns()
	default:
		err = errors.New("fcm or apns")
	}
	if err != nil {
		return err
	}
	return all(pushes, push)
}

// all makes so many pushes, some at a time, and gives the first error.
func all(pushes int, push func(int) error) error {
	var (
		next   atomic.Int64
		done   sync.WaitGroup
		once   sync.Once
		failed error
	)
	for range workers {
		done.Add(1)
		go func() {
			defer done.Done()
			for {
				number := int(next.Add(1))
				if number > pushes {
					return
				}
				if err := push(number); err != nil {
					once.Do(func() { failed = err })
					return
				}
			}
		}()
	}
	done.Wait()
	return failed
}

func (sink *place) client() (*http.Client, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(sink.CA)) {
		return nil, errors.New("the certificate cannot be read")
	}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true,
	}
	return &http.Client{Transport: transport}, nil
}

func (sink *place) fcm() (func(int) error, error) {
	config, err := google.JWTConfigFromJSON(sink.FCM.ServiceAccount, scope)
	if err != nil {
		return nil, err
	}
	client, err := sink.client()
	if err != nil {
		return nil, err
	}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, client)
	service, err := fcm.NewService(ctx, option.WithHTTPClient(config.Client(ctx)), option.WithEndpoint(sink.FCM.BaseURL+"/"))
	if err != nil {
		return nil, err
	}
	project := "projects/" + sink.FCM.ProjectID
	return func(number int) error {
		alert := fmt.Sprintf(`{"aps":{"alert":{"title":%q,"body":%q},"mutable-content":1}}`, title, body)
		_, err := service.Projects.Messages.Send(project, &fcm.SendMessageRequest{Message: &fcm.Message{
			Token:   fmt.Sprintf("%022d:APA91b%s", number, strings.Repeat("Z", 134)),
			Data:    map[string]string{"sealed": sealed},
			Android: &fcm.AndroidConfig{Priority: "HIGH", Ttl: "3600s"},
			Apns: &fcm.ApnsConfig{
				Headers: map[string]string{"apns-priority": "10", "apns-push-type": "alert"},
				Payload: googleapi.RawMessage(alert),
			},
		}}).Do()
		return err
	}, nil
}

func (sink *place) apns() (func(int) error, error) {
	key, err := token.AuthKeyFromBytes([]byte(sink.APNs.Key))
	if err != nil {
		return nil, err
	}
	http, err := sink.client()
	if err != nil {
		return nil, err
	}
	client := apns2.NewTokenClient(&token.Token{AuthKey: key, KeyID: sink.APNs.KeyID, TeamID: sink.APNs.TeamID})
	client.Host = sink.APNs.BaseURL
	client.HTTPClient = http
	return func(number int) error {
		answer, err := client.Push(&apns2.Notification{
			DeviceToken: fmt.Sprintf("%064x", number),
			Topic:       sink.APNs.Topic,
			Priority:    apns2.PriorityHigh,
			PushType:    apns2.PushTypeAlert,
			Payload:     payload.NewPayload().AlertTitle(title).AlertBody(body).MutableContent().Custom("sealed", sealed),
		})
		if err == nil && !answer.Sent() {
			err = fmt.Errorf("refused: %s", answer.Reason)
		}
		return err
	}, nil
}
