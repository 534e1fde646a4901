// Sends to the simulator by foreign libraries: Google's generated client of FCM, apns2, webpush-go.
// Prints a line for each thing that was tried, and ends with 1 if one failed.
package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	webpush "github.com/SherClockHolmes/webpush-go"
	"github.com/sideshow/apns2"
	"github.com/sideshow/apns2/payload"
	"github.com/sideshow/apns2/token"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	fcm "google.golang.org/api/fcm/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
)

const scope = "https://www.googleapis.com/auth/firebase.messaging"

type credentials struct {
	CA  string `json:"ca_certificate"`
	FCM struct {
		BaseURL        string          `json:"base_url"`
		ProjectID      string          `json:"project_id"`
		ServiceAccount json.RawMessage `json:"service_account"`
	} `json:"fcm"`
	APNs struct {
		BaseURL    string `json:"base_url"`
		SandboxURL string `json:"sandbox_url"`
		TeamID     string `json:"team_id"`
		KeyID      string `json:"key_id"`
		Topic      string `json:"topic"`
		Key        string `json:"key"`
	} `json:"apns"`
}

type device struct {
	ID           string               `json:"id"`
	Token        string               `json:"token"`
	Subscription webpush.Subscription `json:"subscription"`
}

type event struct {
	Fate    string `json:"fate"`
	Message struct {
		ID       string          `json:"id"`
		Urgency  string          `json:"urgency"`
		Collapse string          `json:"collapse"`
		Content  json.RawMessage `json:"content"`
	} `json:"message"`
}

// simulator is the admin API.
type simulator struct {
	url  string
	keys credentials
	tls  *tls.Config
}

func main() {
	sim, err := open(os.Args[1])
	if err != nil {
		fmt.Println("fail", "open:", err)
		os.Exit(1)
	}
	failed := false
	for _, feature := range []struct {
		name string
		try  func(*simulator) error
	}{
		{"fcm: google.golang.org/api sends", fcmSends},
		{"fcm: google.golang.org/api is told of a dead token", fcmDead},
		{"fcm: google.golang.org/api only validates", fcmValidates},
		{"apns: apns2 sends", apnsSends},
		{"apns: apns2 is told of a dead token", apnsDead},
		{"apns: apns2 is told of the wrong environment", apnsEnvironment},
		{"web push: webpush-go sends", webSends},
		{"web push: webpush-go is told of an ended subscription", webGone},
	} {
		if err := feature.try(sim); err != nil {
			failed = true
			fmt.Println("fail", feature.name+":", err)
		} else {
			fmt.Println("ok  ", feature.name)
		}
	}
	if failed {
		os.Exit(1)
	}
}

func open(url string) (*simulator, error) {
	sim := &simulator{url: url}
	if err := sim.call(http.MethodGet, "/admin/credentials", nil, &sim.keys); err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(sim.keys.CA)) {
		return nil, errors.New("the certificate cannot be read")
	}
	sim.tls = &tls.Config{RootCAs: roots}
	return sim, nil
}

func (sim *simulator) call(method, path string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(method, sim.url+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("content-type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", method, path, got)
	}
	return json.Unmarshal(got, answer)
}

func (sim *simulator) register(kind string) (*device, error) {
	made := &device{}
	return made, sim.call(http.MethodPost, "/admin/devices", map[string]string{"kind": kind}, made)
}

func (sim *simulator) kill(made *device) error {
	return sim.call(http.MethodPost, "/admin/devices/"+made.ID+"/kill", map[string]string{}, &device{})
}

// only gives the one event of a device, which must be its delivery.
func (sim *simulator) only(made *device) (*event, error) {
	page := struct {
		Events []event `json:"events"`
	}{}
	err := sim.call(http.MethodGet, "/admin/devices/"+made.ID+"/events", nil, &page)
	if err != nil {
		return nil, err
	}
	if len(page.Events) != 1 || page.Events[0].Fate != "delivered" {
		return nil, fmt.Errorf("one delivery wanted, %+v came", page.Events)
	}
	return &page.Events[0], nil
}

func (sim *simulator) client() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: sim.tls.Clone(), ForceAttemptHTTP2: true}}
}

func holds(content json.RawMessage, parts ...string) error {
	for _, part := range parts {
		if !strings.Contains(string(content), part) {
			return fmt.Errorf("%s lacks %s", content, part)
		}
	}
	return nil
}

// FCM.

func (sim *simulator) fcm() (*fcm.Service, error) {
	config, err := google.JWTConfigFromJSON(sim.keys.FCM.ServiceAccount, scope)
	if err != nil {
		return nil, err
	}
	// Tokens are fetched by this client, and so are the sends.
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, sim.client())
	return fcm.NewService(ctx, option.WithHTTPClient(config.Client(ctx)), option.WithEndpoint(sim.keys.FCM.BaseURL+"/"))
}

func (sim *simulator) fcmSend(request *fcm.SendMessageRequest) (*fcm.Message, error) {
	service, err := sim.fcm()
	if err != nil {
		return nil, err
	}
	return service.Projects.Messages.Send("projects/"+sim.keys.FCM.ProjectID, request).Do()
}

func fcmSends(sim *simulator) error {
	phone, err := sim.register("fcm_token")
	if err != nil {
		return err
	}
	answer, err := sim.fcmSend(&fcm.SendMessageRequest{Message: &fcm.Message{
		Token:        phone.Token,
		Data:         map[string]string{"id": "att_1"},
		Notification: &fcm.Notification{Title: "Заказ", Body: "On its way"},
		Android:      &fcm.AndroidConfig{Priority: "HIGH", Ttl: "3600s", CollapseKey: "order"},
		Apns:         &fcm.ApnsConfig{Headers: map[string]string{"apns-priority": "10"}, Payload: googleapi.RawMessage(`{"aps":{"badge":1}}`)},
	}})
	if err != nil {
		return err
	}
	got, err := sim.only(phone)
	if err != nil {
		return err
	}
	if got.Message.ID != answer.Name || got.Message.Urgency != "HIGH" || got.Message.Collapse != "order" {
		return fmt.Errorf("%+v came for %s", got.Message, answer.Name)
	}
	return holds(got.Message.Content, "att_1", "Заказ")
}

func fcmDead(sim *simulator) error {
	phone, err := sim.register("fcm_token")
	if err != nil {
		return err
	}
	if err := sim.kill(phone); err != nil {
		return err
	}
	_, err = sim.fcmSend(&fcm.SendMessageRequest{Message: &fcm.Message{Token: phone.Token}})
	var refusal *googleapi.Error
	if !errors.As(err, &refusal) || refusal.Code != http.StatusNotFound {
		return fmt.Errorf("404 wanted, %v came", err)
	}
	details, err := json.Marshal(refusal.Details)
	if err != nil {
		return err
	}
	return holds(details, "google.firebase.fcm.v1.FcmError", "UNREGISTERED")
}

func fcmValidates(sim *simulator) error {
	phone, err := sim.register("fcm_token")
	if err != nil {
		return err
	}
	request := &fcm.SendMessageRequest{ValidateOnly: true, Message: &fcm.Message{Token: phone.Token}}
	if _, err := sim.fcmSend(request); err != nil {
		return err
	}
	if _, err := sim.only(phone); err == nil {
		return errors.New("it was delivered")
	}
	return nil
}

// APNs.

func (sim *simulator) apns(host string) (*apns2.Client, error) {
	key, err := token.AuthKeyFromBytes([]byte(sim.keys.APNs.Key))
	if err != nil {
		return nil, err
	}
	client := apns2.NewTokenClient(&token.Token{AuthKey: key, KeyID: sim.keys.APNs.KeyID, TeamID: sim.keys.APNs.TeamID})
	client.Host = host
	client.HTTPClient = sim.client()
	return client, nil
}

func (sim *simulator) apnsPush(host string, phone *device) (*apns2.Response, error) {
	client, err := sim.apns(host)
	if err != nil {
		return nil, err
	}
	return client.Push(&apns2.Notification{
		DeviceToken: phone.Token,
		Topic:       sim.keys.APNs.Topic,
		CollapseID:  "order",
		Priority:    apns2.PriorityLow,
		PushType:    apns2.PushTypeAlert,
		Payload:     payload.NewPayload().AlertTitle("Заказ").AlertBody("On its way").MutableContent(),
	})
}

func apnsSends(sim *simulator) error {
	phone, err := sim.register("apns")
	if err != nil {
		return err
	}
	answer, err := sim.apnsPush(sim.keys.APNs.BaseURL, phone)
	if err != nil {
		return err
	}
	if !answer.Sent() {
		return fmt.Errorf("refused: %+v", answer)
	}
	got, err := sim.only(phone)
	if err != nil {
		return err
	}
	if got.Message.ID != answer.ApnsID || got.Message.Collapse != "order" || got.Message.Urgency != "5" {
		return fmt.Errorf("%+v came for %s", got.Message, answer.ApnsID)
	}
	return holds(got.Message.Content, "Заказ", "mutable-content")
}

func apnsDead(sim *simulator) error {
	phone, err := sim.register("apns")
	if err != nil {
		return err
	}
	if err := sim.kill(phone); err != nil {
		return err
	}
	answer, err := sim.apnsPush(sim.keys.APNs.BaseURL, phone)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusGone || answer.Reason != apns2.ReasonUnregistered || answer.Timestamp.IsZero() {
		return fmt.Errorf("Unregistered wanted, %+v came", answer)
	}
	return nil
}

func apnsEnvironment(sim *simulator) error {
	phone, err := sim.register("apns")
	if err != nil {
		return err
	}
	answer, err := sim.apnsPush(sim.keys.APNs.SandboxURL, phone)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusBadRequest || answer.Reason != apns2.ReasonBadDeviceToken {
		return fmt.Errorf("BadDeviceToken wanted, %+v came", answer)
	}
	return nil
}

// Web Push.

func (sim *simulator) webPush(browser *device, text string) (*http.Response, error) {
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		return nil, err
	}
	return webpush.SendNotification([]byte(text), &browser.Subscription, &webpush.Options{
		HTTPClient:      sim.client(),
		Subscriber:      "push@shop.example",
		VAPIDPublicKey:  public,
		VAPIDPrivateKey: private,
		TTL:             60,
		Topic:           "order",
		Urgency:         webpush.UrgencyHigh,
	})
}

func webSends(sim *simulator) error {
	browser, err := sim.register("web_push")
	if err != nil {
		return err
	}
	answer, err := sim.webPush(browser, `{"title":"Заказ"}`)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusCreated || answer.Header.Get("Location") == "" {
		return fmt.Errorf("201 wanted, %s came", answer.Status)
	}
	got, err := sim.only(browser)
	if err != nil {
		return err
	}
	if got.Message.Collapse != "order" || got.Message.Urgency != "high" {
		return fmt.Errorf("%+v came", got.Message)
	}
	return holds(got.Message.Content, "Заказ")
}

func webGone(sim *simulator) error {
	browser, err := sim.register("web_push")
	if err != nil {
		return err
	}
	if err := sim.kill(browser); err != nil {
		return err
	}
	answer, err := sim.webPush(browser, "text")
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusGone {
		return fmt.Errorf("410 wanted, %s came", answer.Status)
	}
	return nil
}
