<?php
// Each service provider as its own metadata describes it, read anew from where it publishes it.
$settings = json_decode(file_get_contents(__DIR__ . '/../settings.json'), true);

foreach ($settings['service_providers'] as $provider) {
    $xml = file_get_contents($provider['metadata_url']);
    foreach (SimpleSAML\Metadata\SAMLParser::parseDescriptorsString($xml) as $entity_id => $entity) {
        $metadata[$entity_id] = array_merge($entity->getMetadata20SP(), $provider['settings']);
    }
}
