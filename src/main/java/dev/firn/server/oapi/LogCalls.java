package dev.firn.server.oapi;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.region.ApiLog;
import dev.firn.region.Region;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** The action that reads who called what. */
final class LogCalls {
  private static final Duration SPAN = Duration.ofHours(48);
  private static final int LIMIT_BY_DEFAULT = 100;
  static final String API_NAME = "oapi";

  /** What an entry tells, each unless it is not wanted. */
  private static final Map<String, BiConsumer<ApiLog, ObjectNode>> PARTS = parts();

  private final Clock clock;
  private final Filters<ApiLog> filters =
      new Filters<ApiLog>()
          .text("QueryAccessKeys", Shape.text(), ApiLog::accessKeyId)
          .text("QueryApiNames", Shape.text(), entry -> API_NAME)
          .text("QueryCallNames", Shape.text(), ApiLog::callName)
          .add("QueryDateAfter", Shape.dateTime(), given -> entry -> true)
          .add("QueryDateBefore", Shape.dateTime(), given -> entry -> true)
          .text("QueryIpAddresses", Shape.text(), ApiLog::ipAddress)
          .text("QueryUserAgents", Shape.text(), ApiLog::userAgent)
          .text("RequestIds", Shape.text(), ApiLog::requestId)
          .integer("ResponseStatusCodes", entry -> (long) entry.statusCode());

  LogCalls(Clock clock) {
    this.clock = clock;
  }

  List<Action> actions() {
    Shape.Fields with = Shape.object();
    PARTS.keySet().forEach(name -> with.optional(name, Shape.bool()));
    return List.of(
        Action.signed(
            "ReadApiLogs",
            Page.parameters(
                Action.common().optional("Filters", filters.shape()).optional("With", with)),
            this::read));
  }

  private Action.Plan read(Call call) {
    Instant after = time(call, "QueryDateAfter");
    Instant before = time(call, "QueryDateBefore");
    Instant until = before != null ? before : after != null ? after.plus(SPAN) : clock.instant();
    Instant from = after != null ? after : until.minus(SPAN);
    if (until.isBefore(from)) {
      throw new OapiException(
          Problem.INVALID_INTERVAL, "'QueryDateBefore' is earlier than 'QueryDateAfter'");
    }
    return () -> read(call, from, until);
  }

  private ObjectNode read(Call call, Instant from, Instant until) throws IOException {
    Region region = call.region();
    JsonNode with = call.parameters().path("With");
    ObjectNode answer = Call.answer();
    Page.of(call.parameters(), LIMIT_BY_DEFAULT)
        .fill(
            answer,
            "Logs",
            (position, limit) ->
                region
                    .apiLogs()
                    .read(region.accountId(), from, until, Page.number(position), limit),
            filters.predicate(call.filters()),
            entry -> Page.position(entry.number()),
            entry -> {
              ObjectNode json = Call.answer();
              PARTS.forEach(
                  (name, part) -> {
                    if (with.path(name).asBoolean(true)) {
                      part.accept(entry, json);
                    }
                  });
              return json;
            });
    return answer;
  }

  private static Instant time(Call call, String name) {
    JsonNode value = call.filters().path(name);
    return value.isTextual() ? Shape.time(value.asText()) : null;
  }

  private static Map<String, BiConsumer<ApiLog, ObjectNode>> parts() {
    Map<String, BiConsumer<ApiLog, ObjectNode>> parts = new LinkedHashMap<>();
    parts.put("AccountId", (entry, json) -> json.put("AccountId", entry.accountId()));
    parts.put("CallDuration", (entry, json) -> json.put("CallDuration", entry.durationMicros()));
    parts.put(
        "QueryAccessKey",
        (entry, json) -> {
          if (entry.accessKeyId() != null) {
            json.put("QueryAccessKey", entry.accessKeyId());
          }
        });
    parts.put("QueryApiName", (entry, json) -> json.put("QueryApiName", API_NAME));
    parts.put("QueryApiVersion", (entry, json) -> json.put("QueryApiVersion", entry.apiVersion()));
    parts.put("QueryCallName", (entry, json) -> json.put("QueryCallName", entry.callName()));
    parts.put("QueryDate", (entry, json) -> json.put("QueryDate", Values.time(entry.calledAt())));
    parts.put("QueryHeaderRaw", (entry, json) -> json.put("QueryHeaderRaw", entry.headerRaw()));
    parts.put("QueryHeaderSize", (entry, json) -> json.put("QueryHeaderSize", entry.headerBytes()));
    parts.put("QueryIpAddress", (entry, json) -> json.put("QueryIpAddress", entry.ipAddress()));
    parts.put("QueryPayloadRaw", (entry, json) -> json.put("QueryPayloadRaw", entry.payloadRaw()));
    parts.put(
        "QueryPayloadSize", (entry, json) -> json.put("QueryPayloadSize", entry.payloadBytes()));
    parts.put("QueryUserAgent", (entry, json) -> json.put("QueryUserAgent", entry.userAgent()));
    parts.put("RequestId", (entry, json) -> json.put("RequestId", entry.requestId()));
    parts.put("ResponseSize", (entry, json) -> json.put("ResponseSize", entry.responseBytes()));
    parts.put(
        "ResponseStatusCode", (entry, json) -> json.put("ResponseStatusCode", entry.statusCode()));
    return parts;
  }
}
