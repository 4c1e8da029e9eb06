package dev.firn.server;

/** The names both ends of the API agree on. */
final class Protocol {
  static final String PREFIX = "/v1/";
  static final String JSON = "application/json";
  static final String LINES = "application/x-ndjson";
  static final String BYTES = "application/octet-stream";

  /** The parameters of an upload, as JSON in ASCII. */
  static final String PARAMETERS_HEADER = "Firn-Parameters";

  /** The trailer of a download: its result or its error, as JSON in ASCII. */
  static final String OUTCOME_HEADER = "Firn-Outcome";

  /** The account that the caller acts as; without it the home's owner. */
  static final String ACCOUNT_HEADER = "Firn-Account";

  /** Asks for the stack trace of a failure. */
  static final String DEBUG_HEADER = "Firn-Debug";

  private Protocol() {}
}
