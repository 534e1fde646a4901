package dev.vestnik.interop;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.microsoft.signalr.HubConnection;
import com.microsoft.signalr.HubConnectionBuilder;
import com.microsoft.signalr.HubConnectionState;
import com.microsoft.signalr.TransportEnum;
import io.reactivex.rxjava3.core.Single;
import io.reactivex.rxjava3.subjects.ReplaySubject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;

/**
 * The official Java client, feature by feature. Each outcome is a line of JSON. It waits as long as
 * it takes; the program that started this one notices silence.
 */
public final class Client {
    private static final String URL = System.getenv("INTEROP_URL");
    private static final boolean POLLS = "LongPolling".equals(System.getenv("INTEROP_TRANSPORT"));
    private static final JsonElement VALUE =
            JsonParser.parseString(
                    "{\"text\":\"Привет 👋\",\"list\":[1,-2,0.5],\"deep\":{\"a\":[null,true]}}");

    private interface Feature {
        void run(HubConnection connection) throws Exception;
    }

    /** The client does not have it; the text says where that is seen. */
    private static final class Absent extends RuntimeException {
        Absent(String text) {
            super(text);
        }
    }

    private Client() {}

    public static void main(String[] arguments) {
        HubConnection connection = start("/hub", null);
        for (Map.Entry<String, Feature> feature : features().entrySet()) {
            try {
                feature.getValue().run(connection);
                tell(feature.getKey(), "pass", null);
            } catch (Absent absent) {
                tell(feature.getKey(), "absent", absent.getMessage());
            } catch (Throwable failure) {
                tell(feature.getKey(), "fail", failure.toString());
            }
        }
        System.exit(0);
    }

    private static Map<String, Feature> features() {
        Map<String, Feature> features = new LinkedHashMap<>();
        features.put("connect", Client::connect);
        features.put("invoke", Client::invoke);
        features.put("void", connection -> await(connection.invoke("Nothing")));
        features.put("error", c -> refused(c, "HubException: the reason", "Fail", "the reason"));
        features.put("unknown_method", c -> refused(c, "Method does not exist.", "Missing"));
        features.put("argument_count", c -> refused(c, "Failed to invoke 'Add'", "Add", 1));
        features.put("argument_type", c -> refused(c, "Failed to invoke 'Add'", "Add", "one", 1));
        features.put("stream", Client::stream);
        features.put("cancel", Client::cancel);
        features.put("upload", Client::upload);
        features.put("client_result", Client::clientResult);
        features.put("group", Client::group);
        features.put("flood", Client::flood);
        features.put("bearer", c -> knows("/secure", "alice", "alice"));
        features.put("redirect", Client::redirect);
        features.put("close_for_good", Client::closeForGood);
        features.put("close_reconnect", c -> absent("HubConnection has no automatic reconnect"));
        features.put("reconnect", c -> absent("HubConnection has no automatic reconnect"));
        features.put(
                "stateful_reconnect", c -> absent("NegotiateResponse reads no useStatefulReconnect"));
        return features;
    }

    private static HubConnection start(String path, String token) {
        var builder =
                HubConnectionBuilder.create(URL + path)
                        .withTransport(POLLS ? TransportEnum.LONG_POLLING : TransportEnum.WEBSOCKETS);
        if (token != null) {
            builder = builder.withAccessTokenProvider(Single.just(token));
        }
        HubConnection connection = builder.build();
        await(connection.start());
        return connection;
    }

    private static void await(io.reactivex.rxjava3.core.Completable work) {
        work.blockingAwait();
    }

    private static <T> T await(Single<T> work) {
        return work.blockingGet();
    }

    private static void equal(Object actual, Object expected) {
        if (!expected.equals(actual)) {
            throw new AssertionError("expected " + expected + ", got " + actual);
        }
    }

    private static void refused(
            HubConnection connection, String expected, String target, Object... arguments) {
        try {
            await(connection.invoke(target, arguments));
        } catch (RuntimeException refusal) {
            if (!String.valueOf(refusal.getMessage()).contains(expected)) {
                throw new AssertionError("expected " + expected + " in " + refusal.getMessage());
            }
            equal(await(connection.invoke(Integer.class, "Add", 1, 1)), 2);
            return;
        }
        throw new AssertionError("expected an error with " + expected);
    }

    private static void connect(HubConnection connection) {
        equal(connection.getConnectionState(), HubConnectionState.CONNECTED);
    }

    private static void invoke(HubConnection connection) {
        equal(await(connection.invoke(JsonElement.class, "Echo", VALUE)), VALUE);
        equal(await(connection.invoke(Integer.class, "add", 2, 3)), 5);
    }

    private static void stream(HubConnection connection) {
        List<Integer> items =
                connection
                        .stream(Integer.class, "Count", 50)
                        .toList()
                        .blockingGet();
        equal(items, IntStream.range(0, 50).boxed().toList());
    }

    private static void cancel(HubConnection connection) {
        int before = await(connection.invoke(Integer.class, "Stopped"));
        List<Integer> items =
                connection.stream(Integer.class, "Forever").take(3).toList().blockingGet();
        equal(items, List.of(0, 1, 2));
        while (await(connection.invoke(Integer.class, "Stopped")) == before) {
            Thread.onSpinWait();
        }
    }

    private static void upload(HubConnection connection) {
        if (POLLS) {
            throw new Absent(
                    "LongPollingTransport posts without waiting for the post before, so items may"
                            + " overtake their call and each other");
        }
        ReplaySubject<Integer> numbers = ReplaySubject.create();
        IntStream.rangeClosed(1, 100).forEach(numbers::onNext);
        numbers.onComplete();
        equal(await(connection.invoke(Integer.class, "Sum", numbers)), 5050);
        ReplaySubject<Integer> failing = ReplaySubject.create();
        failing.onError(new RuntimeException("given up"));
        refused(connection, "given up", "Sum", failing);
    }

    private static void clientResult(HubConnection connection) {
        refused(connection, "Client failed to parse argument(s).", "AskMe", "well?");
        connection.onWithResult(
                "Answer", question -> Single.just(question + " yes"), String.class);
        equal(await(connection.invoke(String.class, "AskMe", "well?")), "well? yes, it said");
    }

    private static void group(HubConnection connection) throws Exception {
        String name = "group " + Math.random();
        HubConnection other = start("/hub", null);
        List<CompletableFuture<String>> heard = new ArrayList<>();
        for (HubConnection each : List.of(connection, other)) {
            CompletableFuture<String> said = new CompletableFuture<>();
            each.on("Said", said::complete, String.class);
            await(each.invoke("Join", name));
            heard.add(said);
        }
        await(other.invoke("Say", name, "hello"));
        for (CompletableFuture<String> said : heard) {
            equal(said.get(), "hello");
        }
        await(other.stop());
    }

    private static void flood(HubConnection connection) throws Exception {
        BlockingQueue<Integer> heard = new LinkedBlockingQueue<>();
        connection.on("Drop", heard::add, Integer.class);
        await(connection.invoke("Flood", 500));
        for (int number = 0; number < 500; number++) {
            equal(heard.take(), number);
        }
    }

    private static void knows(String path, String token, String expected) {
        HubConnection known = start(path, token);
        equal(await(known.invoke(String.class, "WhoAmI")), expected);
        await(known.stop());
        try {
            start("/secure", null);
        } catch (RuntimeException refusal) {
            if (!String.valueOf(refusal.getMessage()).contains("401")) {
                throw new AssertionError("expected 401 in " + refusal.getMessage());
            }
            return;
        }
        throw new AssertionError("expected 401");
    }

    private static void redirect(HubConnection ignored) {
        if (POLLS) {
            throw new Absent(
                    "LongPollingTransport polls with the token from before the redirect, and a"
                            + " connection belongs to whoever negotiated it");
        }
        knows("/redirect", "original", "redirected");
    }

    private static void closeForGood(HubConnection ignored) throws Exception {
        HubConnection connection = start("/hub", null);
        CompletableFuture<Boolean> closed = new CompletableFuture<>();
        connection.onClosed(error -> closed.complete(true));
        connection.send("CloseMe", false);
        closed.get();
        equal(connection.getConnectionState(), HubConnectionState.DISCONNECTED);
    }

    private static void absent(String text) {
        throw new Absent(text);
    }

    private static void tell(String feature, String outcome, String detail) {
        Map<String, String> told = new LinkedHashMap<>();
        told.put("feature", feature);
        told.put("outcome", outcome);
        if (detail != null) {
            told.put("detail", detail);
        }
        System.out.println(new Gson().toJson(told));
    }
}
