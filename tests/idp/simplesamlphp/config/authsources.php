<?php
// The people that this identity provider knows: user name and password, and the attributes that it asserts of each.
$settings = json_decode(file_get_contents(__DIR__ . '/settings.json'), true);

$config = ['people' => array_merge(['exampleauth:UserPass'], $settings['people'])];
