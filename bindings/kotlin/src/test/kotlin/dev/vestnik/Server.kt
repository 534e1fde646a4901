package dev.vestnik

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import java.util.Base64
import java.util.concurrent.TimeUnit
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec

/** A real server for the tests: the `vestnik` binary on a free loopback port. */
class Server(directory: Path) : AutoCloseable {
    private val keys: String
    private val process: Process
    val url: String

    init {
        val database = directory.resolve("vestnik.sqlite").toString()
        keys = run("keys", "bootstrap", "--app", APP, "--database", database)
        process =
            ProcessBuilder(BINARY, "--json", "serve", "--listen", "127.0.0.1:0", "--database", database)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start()
        url = field(process.inputReader().readLine(), "listening")
    }

    /** Vouches for a user, as the App's backend would (RFC 7519, HS256). */
    fun identityToken(user: String): String {
        val header = """{"alg":"HS256","typ":"JWT","kid":"${field(keys, "identity_key_id")}"}"""
        val expires = Instant.now().plus(Duration.ofHours(1)).epochSecond
        val claims = """{"sub":"$user","aud":"$APP","exp":$expires}"""
        val signed = base64(header.toByteArray()) + "." + base64(claims.toByteArray())
        val mac = Mac.getInstance("HmacSHA256")
        mac.init(SecretKeySpec(Base64.getUrlDecoder().decode(field(keys, "identity_secret")), "HmacSHA256"))
        return signed + "." + base64(mac.doFinal(signed.toByteArray()))
    }

    /** Publishes to a user and gives the notification's id. */
    fun publish(user: String, title: String): String {
        val body = """{"to":{"users":["$user"]},"notification":{"title":"$title"}}"""
        return field(call("v1/notifications", HttpRequest.BodyPublishers.ofString(body)), "id")
    }

    /** What the server tells of a notification, as JSON. */
    fun notification(id: String): String = call("v1/notifications/$id", null)

    override fun close() {
        process.destroy()
        check(process.waitFor(20, TimeUnit.SECONDS)) { "the server did not finish" }
        check(process.exitValue() == 0) { "the server ended with ${process.exitValue()}" }
    }

    private fun call(path: String, body: HttpRequest.BodyPublisher?): String {
        val request =
            HttpRequest.newBuilder(URI(url + path))
                .timeout(Duration.ofMinutes(5))
                .header("authorization", "Bearer ${field(keys, "key")}")
                .header("content-type", "application/json")
        val response =
            HttpClient.newHttpClient().send(
                (if (body == null) request.GET() else request.POST(body)).build(),
                HttpResponse.BodyHandlers.ofString(),
            )
        check(response.statusCode() < 300) { "${response.statusCode()}: ${response.body()}" }
        return response.body()
    }

    private fun run(vararg arguments: String): String {
        val process = ProcessBuilder(BINARY, "--json", *arguments).start()
        val text = process.inputReader().readText()
        check(process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0) { "$text" }
        return text
    }

    companion object {
        const val APP = "shop"
        private val BINARY = checkNotNull(System.getenv("VESTNIK_BIN")) { "VESTNIK_BIN names the binary" }

        /** A text field of a flat JSON object; enough for what these tests read. */
        private fun field(json: String, name: String): String =
            checkNotNull(Regex("\"$name\":\"([^\"]*)\"").find(json)) { "no $name in $json" }.groupValues[1]

        private fun base64(bytes: ByteArray): String =
            Base64.getUrlEncoder().withoutPadding().encodeToString(bytes)
    }
}
