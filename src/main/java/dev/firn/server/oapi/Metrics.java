package dev.firn.server.oapi;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;

/** What is counted of the API's calls, in Prometheus' words. Safe for concurrent use. */
final class Metrics {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();
  private final Counter requests =
      Counter.builder()
          .name("firn_api_requests_total")
          .help("Calls of the API that were answered.")
          .labelNames("action", "status")
          .register(registry);
  private final Histogram duration =
      Histogram.builder()
          .name("firn_api_request_duration_seconds")
          .help("From the head of a request to its answer.")
          .labelNames("action")
          .classicOnly()
          .register(registry);
  private final Gauge running =
      Gauge.builder()
          .name("firn_api_requests_running")
          .help("Calls that are being answered now.")
          .register(registry);

  void begun() {
    running.inc();
  }

  /**
   * @param action one of those there are, or {@code none}: whatever clients send must not become
   *     labels
   */
  void ended(String action, int status, double seconds) {
    running.dec();
    requests.labelValues(action, Integer.toString(status)).inc();
    duration.labelValues(action).observe(seconds);
  }

  /** All of it in Prometheus' text format. */
  byte[] text() throws IOException {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    writer.write(output, registry.scrape());
    return output.toByteArray();
  }
}
